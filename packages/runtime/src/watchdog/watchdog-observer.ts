/** Looks at the whole for the watchdog, and keeps what only shows over time. */
import { type Engine, isSettled, type ParticipantView, type RunState } from '@baton/saga';
import type { Alert } from './alert.ts';
import type { Memory } from './alert-book.ts';
import { toBreakerWord } from './breaker-word.ts';
import type { BooksWatch } from './watchdog-books.ts';
import type { Observation, ObservedOrders } from './watchdog-observation.ts';
import type { ParticipantsWatch } from './watchdog-participants.ts';
import { overdueRule, stuckRule } from './watchdog-run-rules.ts';
import type { OrdersWatch } from './watchdog-runs.ts';

export interface ObserverParts {
  readonly engine: Pick<Engine, 'counts' | 'participants' | 'readState' | 'standby'>;
  readonly now: () => number;
  readonly orders: OrdersWatch;
  readonly books: BooksWatch;
  readonly participants: ParticipantsWatch;
  /** By a participant's name; null where no call failed since the start. */
  readonly readLastCode: (participant: string) => string | null;
  readonly olderThanMs: number;
  readonly describeEnd: (state: RunState) => string;
  readonly words: Observation['words'];
}
export interface Look {
  readonly seen: Observation;
  /** To be remembered from now on. */
  readonly memory: Memory;
  /** A participant that was away answers again. */
  readonly isHealed: boolean;
}

/** Orders and participants are looked at less often than the rest: both looks cost others something. */
const slowMs = 5_000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

export function createObserver(parts: ObserverParts, remembered: Memory) {
  const { engine, now, orders, books, participants, readLastCode, olderThanMs } = parts;
  const readOrders = slowly(now, () => orders.look());
  const readAnswers = slowly(now, async () => participants.answers());
  const readStandby = createStandbyWatch(parts, remembered);
  let answersBefore: Readonly<Record<string, boolean | null>> = {};
  return async (memory: Memory, open: readonly Alert[]): Promise<Look> => {
    const at = now();
    const answers = await readAnswers();
    const isHealed = Object.keys(answers).some(
      (name) => answers[name] && answersBefore[name] === false,
    );
    answersBefore = answers;
    const incarnations = { ...memory.incarnations, ...participants.incarnations() };
    const changed = findChanged(memory.incarnations, incarnations);
    if (changed.length > 0) books.doubt();
    const { overdue, stuck } = await readOrders();
    const standby = await readStandby(memory.standbySeenAt);
    const ends = await readEnds(parts, findMissing(open, overdue, stuck));
    const seen: Observation = {
      at,
      words: parts.words,
      breakers: (await engine.participants()).map((view) => ({
        participant: view.participant,
        isOpen: view.breaker !== 'closed',
        isIdle: isIdle(view, at) && answers[view.participant] === true,
        lastCode: readLastCode(view.participant),
        nextTryAt: view.nextTryAt,
        parked: view.parked,
      })),
      overdue: { ...overdue, olderThanMs },
      stuck,
      queue: await engine.counts(),
      standbyMissingSince: standby.missingSince,
      changed,
      books: books.look(),
      unaudited: books.gap(),
      endOf: (id) => ends.get(id),
    };
    return { seen, memory: { incarnations, standbySeenAt: standby.seenAt }, isHealed };
  };
}

/** Its breaker has been due for so long that its participant was asked since: an answer is some seconds old. */
const isIdle = (view: ParticipantView, at: number): boolean =>
  toBreakerWord(view, at) === 'due' && at - (view.nextTryAt ?? at) >= 3 * slowMs;

const findChanged = (before: Memory['incarnations'], after: Memory['incarnations']): string[] =>
  Object.keys(after).filter((name) => Object.hasOwn(before, name) && before[name] !== after[name]);

/** Orders with an alert that were not found again: they may have ended. */
function findMissing(open: readonly Alert[], ...found: readonly ObservedOrders[]): string[] {
  const seen = new Set(found.flatMap(({ orders }) => orders.map(({ id }) => id)));
  return open
    .filter(({ rule }) => rule === overdueRule.name || rule === stuckRule.name)
    .flatMap(({ subject }) => (seen.has(subject) ? [] : [subject]));
}

async function readEnds(
  { engine, describeEnd }: ObserverParts,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const read = async (id: string) => [id, toEnd(await engine.readState(id))] as const;
  const toEnd = (state: RunState | undefined): string | undefined =>
    state && isSettled(state) ? `It is ${describeEnd(state)}` : undefined;
  return new Map(await Promise.all(ids.map(read)));
}

/** The time of the last standby is stored once an hour: to the second it matters to this process only. */
function createStandbyWatch({ engine, now }: ObserverParts, { standbySeenAt }: Memory) {
  const isRecent = standbySeenAt !== null && now() - standbySeenAt <= dayMs;
  let lastSeenAt = isRecent ? now() : standbySeenAt;
  return async (seenAt: number | null) => {
    if (!(await engine.standby())) return { seenAt, missingSince: lastSeenAt };
    lastSeenAt = now();
    const isOld = seenAt === null || now() - seenAt >= hourMs;
    return { seenAt: isOld ? now() : seenAt, missingSince: null };
  };
}

function slowly<T>(now: () => number, read: () => Promise<T>): () => Promise<T> {
  let known: { readonly value: T; readonly at: number } | undefined;
  return async () => {
    if (!known || now() - known.at >= slowMs) known = { value: await read(), at: now() };
    return known.value;
  };
}
