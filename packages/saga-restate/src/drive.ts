/**
 * Carries a run forward inside an invocation of its object: looks, decides, asks the lane, makes one call, commits. Not
 * how events are stored or told: that is the run object's.
 *
 * 1. All that differs from one time to the next is recorded: the look, the lane's answer, the attempt with its end.
 * 2. One attempt an invocation: whoever asks something of the run meanwhile has its turn before the next.
 * 3. An attempt is never repeated unseen. One that may have been made before is marked unknown, and made again later.
 * 4. A wait ends the invocation: a run that waits is a message with a delay, or nothing at all.
 */
import type { Clock, Happening } from '@baton/saga';
import { type Aim, type Command, decide, toCall } from '@baton/saga/core/decide';
import { endlessMs } from '@baton/saga/core/rest';
import { readTried } from '@baton/saga/core/state';
import { toVerdict, type Verdict } from '@baton/saga/run/breaker';
import type { Barrier } from '@baton/saga/run/lane';
import { toPriorityOf } from '@baton/saga/run/lanes';
import { type Admission, advance, type Host, toParkings } from '@baton/saga/run/perform';
import { toRecovery } from '@baton/saga/run/recovery';
import { type Run, readState } from '@baton/saga/run/run';
import type { FirstTries } from './first-tries.ts';
import type { Ended, Wanted } from './lane-state.ts';
import { toPartition } from './partition.ts';
import type { Healed } from './services.ts';

/** What an invocation gives: its records, the lanes, its commits. */
export interface Surroundings {
  /** Runs the work once, whatever happens, and answers the same ever after. */
  record<T>(name: string, work: () => Promise<T> | T): Promise<T>;
  admit(participant: string, wanted: Wanted): Promise<Barrier | null>;
  release(participant: string, ended: Ended): void;
  commit(happenings: readonly Happening[], now: number): void;
}
export interface DriveOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly bornAt: number;
  readonly tries: FirstTries;
  readonly onError: Host['onError'];
}

interface Look {
  readonly now: number;
  readonly bornAt: number;
  readonly mark: string;
}
interface Made {
  readonly happenings: readonly Happening[];
  /** Null where it was only announced. */
  readonly ended: { readonly verdict: Verdict; readonly retryAfterMs?: number | undefined } | null;
  readonly now: number;
  readonly random: number;
}

/** Between two asks of a run that finds its lane full, before the spread. */
const askMinMs = 5_000;
const askMaxMs = 60_000;
const spreadMax = 1_000;

interface Pause {
  /** When to come again, in milliseconds since the epoch; `endlessMs`: never by itself. */
  readonly until: number;
  readonly now: number;
}

/** Returns where the run rests. */
export async function drive(
  run: Run,
  around: Surroundings,
  options: DriveOptions,
  healed: Healed = {},
): Promise<Pause> {
  const { clock, bornAt, tries } = options;
  const recordLook = (): Promise<Look> =>
    around.record('look', () => ({ now: clock.now(), bornAt, mark: tries.mark() }));
  let look = await recordLook();
  for (let isSpent = false; ; ) {
    const { now } = look;
    const state = readState(run);
    const seen = { healedAt: (name: string) => healed[name] ?? 0, bornAt: look.bornAt };
    const command = decide(run.saga, state, now, seen);
    if (command.type === 'rest') return { until: state.restsUntil || endlessMs, now };
    if (command.type === 'wait') return { until: command.until, now };
    if (command.type !== 'perform') {
      around.commit([command], now);
      continue;
    }
    if (isSpent) return { until: now, now };
    const askAgainAt = now + toAskAgainMs(run.id, now - state.at);
    const admission = await ask(run, command.aims, now, around);
    if (!admission.admitted) {
      const next = decide(run.saga, readState(run), now, seen);
      return { until: toPauseEnd(next, admission, askAgainAt), now };
    }
    const made = await call(run, admission.admitted, look, { around, options, healed });
    isSpent = made.ended !== null;
    // What was only announced keeps its permit, and is made under a mark of its own.
    look = isSpent ? { ...look, now: made.now } : await recordLook();
  }
}

/** As it is decided after the lanes were asked: the time of a step that was parked then begins to count. */
function toPauseEnd(next: Command, { barriers }: Admission, askAgainAt: number): number {
  const until = 'until' in next ? next.until : endlessMs;
  const isFull = Object.values(barriers).includes('full');
  return Math.min(until, isFull ? askAgainAt : endlessMs);
}

/**
 * The lane calls a run that stands in line. Should it not, or was the line full, the run asks again after half as long as
 * it has waited: rarely in a backlog, which these asks would slow down. The spread keeps runs that came together from
 * asking together; it follows from the id, so that a replay waits as long.
 */
function toAskAgainMs(id: string, waitedMs: number): number {
  const delayMs = Math.min(askMaxMs, Math.max(askMinMs, waitedMs / 2));
  return Math.round(delayMs * (1 + toPartition(id, spreadMax) / spreadMax));
}

/** Asks each lane in turn; what its breaker holds back is parked, which is an event. */
async function ask(
  run: Run,
  aims: readonly Aim[],
  now: number,
  { admit, commit }: Surroundings,
): Promise<Admission> {
  const barriers: Record<string, Barrier> = {};
  let admitted: Aim | null = null;
  for (const aim of aims) {
    const { direction, way } = aim;
    const { timeoutMs } = toCall(aim).tries;
    const priority = toPriorityOf(run, aim);
    const barrier = await admit(way.participant, {
      run: run.id,
      direction,
      priority,
      now,
      timeoutMs,
    });
    if (barrier) barriers[way.participant] = barrier;
    else admitted = aim;
    if (admitted) break;
  }
  const parkings = toParkings(run, aims, barriers);
  if (parkings.length > 0) commit(parkings, now);
  return { admitted, barriers };
}

interface Calling {
  readonly around: Surroundings;
  readonly options: DriveOptions;
  readonly healed: Healed;
}

async function call(run: Run, aim: Aim, look: Look, calling: Calling): Promise<Made> {
  const { around } = calling;
  const { failures, unsents, triedAt } = readTried(readState(run), aim);
  const made = await around.record('attempt', () => make(run, aim, look, calling));
  around.commit(made.happenings, made.now);
  const { ended, now, random } = made;
  const failedAt = failures + unsents > 0 ? triedAt : 0;
  if (ended) around.release(aim.way.participant, { run: run.id, ...ended, failedAt, now, random });
  return made;
}

/** The engine's own way through one command, with the aim that was admitted. What it would commit is what was recorded. */
async function make(
  run: Run,
  aim: Aim,
  { mark }: Look,
  { options, healed }: Calling,
): Promise<Made> {
  const { clock, random, bornAt, tries, onError } = options;
  const happenings: Happening[] = [];
  let ended: Made['ended'] = { verdict: 'nothing' };
  if (!tries.take(mark)) happenings.push(...toRecovery(run.saga, readState(run), clock.now()));
  if (happenings.length === 0) {
    await advance(run, {
      clock,
      random,
      onError,
      lanes: {
        healedAt: (name) => healed[name] ?? 0,
        bornAt,
        admit: () => ({ admitted: aim, barriers: {} }),
        giveBack(_, reply) {
          const retryAfterMs = 'retryAfterMs' in reply ? reply.retryAfterMs : undefined;
          ended = { verdict: toVerdict(reply), retryAfterMs };
        },
      },
      commit: async (_, committed) => void happenings.push(...committed),
    });
    if (happenings.some(({ type }) => type === 'attempt-started')) ended = null;
  }
  return { happenings, ended, now: clock.now(), random: random() };
}
