/** Looks at the whole for the watchdog, and keeps what only shows over time. */
import type { Engine, GateView } from '@baton/saga';
import type { Memory } from './alert-book.ts';
import { toBreakerWord } from './breaker-word.ts';
import type { BooksWatch } from './watchdog-books.ts';
import type { Observation } from './watchdog-observation.ts';
import type { OrdersWatch } from './watchdog-orders.ts';
import type { ParticipantsWatch } from './watchdog-participants.ts';

export interface ObserverParts {
  readonly engine: Pick<Engine, 'counts' | 'gates' | 'readState' | 'journal'>;
  readonly now: () => number;
  readonly orders: OrdersWatch;
  readonly books: BooksWatch;
  readonly participants: ParticipantsWatch;
  /** By a participant's name; null where no call failed since the start. */
  readonly readLastCode: (participant: string) => string | null;
  readonly olderThanMs: number;
}
export interface Look {
  readonly seen: Observation;
  /** To be remembered from now on. */
  readonly memory: Memory;
  /** A participant answers that did not. */
  readonly isHealed: boolean;
}

/** Orders and participants are asked for less often than the rest: both cost others something. */
const slowMs = 5_000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

export function createObserver(parts: ObserverParts, remembered: Memory) {
  const { engine, now, orders, books, participants, readLastCode, olderThanMs } = parts;
  const readOrders = slowly(now, () => orders.look());
  const readAnswers = slowly(now, () => participants.answers());
  const readStandby = createStandbyWatch(parts, remembered);
  let answersBefore: Readonly<Record<string, boolean | null>> = {};
  return (memory: Memory): Look => {
    const at = now();
    const answers = readAnswers();
    const isHealed = Object.keys(answers).some(
      (name) => answers[name] && answersBefore[name] === false,
    );
    answersBefore = answers;
    const incarnations = { ...memory.incarnations, ...participants.incarnations() };
    const changed = findChanged(memory.incarnations, incarnations);
    if (changed.length > 0) books.doubt();
    const { overdue, stuck } = readOrders();
    const standby = readStandby(memory.standbySeenAt);
    const seen: Observation = {
      at,
      breakers: engine.gates().map((gate) => ({
        participant: gate.participant,
        isOpen: gate.breaker !== 'closed',
        isIdle: isIdle(gate, at) && answers[gate.participant] === true,
        lastCode: readLastCode(gate.participant),
        nextTryAt: gate.nextTryAt,
        parked: gate.parked,
      })),
      overdue: { ...overdue, olderThanMs },
      stuck,
      queue: engine.counts(),
      standbyMissingSince: standby.missingSince,
      changed,
      books: books.look(),
      unaudited: books.gap(),
      endOf: (id) => toEnd(engine.readState(id)?.phase),
    };
    return { seen, memory: { incarnations, standbySeenAt: standby.seenAt }, isHealed };
  };
}

/** Due for long enough that its participant was asked since: an answer is some seconds old. */
const isIdle = (gate: GateView, at: number): boolean =>
  toBreakerWord(gate, at) === 'due' && at - (gate.nextTryAt ?? at) >= 3 * slowMs;

const findChanged = (before: Memory['incarnations'], after: Memory['incarnations']): string[] =>
  Object.keys(after).filter((name) => Object.hasOwn(before, name) && before[name] !== after[name]);

const toEnd = (phase: string | undefined): string | undefined =>
  phase === 'completed' || phase === 'compensated' ? `It is ${phase}` : undefined;

/** When one was seen last is written down once an hour: to the second it matters to this process only. */
function createStandbyWatch({ engine, now }: ObserverParts, { standbySeenAt }: Memory) {
  const isRecent = standbySeenAt !== null && now() - standbySeenAt <= dayMs;
  let lastSeenAt = isRecent ? now() : standbySeenAt;
  return (seenAt: number | null) => {
    if (!engine.journal.hasStandby()) return { seenAt, missingSince: lastSeenAt };
    lastSeenAt = now();
    const isOld = seenAt === null || now() - seenAt >= hourMs;
    return { seenAt: isOld ? now() : seenAt, missingSince: null };
  };
}

function slowly<T>(now: () => number, read: () => T): () => T {
  let known: { readonly value: T; readonly at: number } | undefined;
  return () => {
    if (!known || now() - known.at >= slowMs) known = { value: read(), at: now() };
    return known.value;
  };
}
