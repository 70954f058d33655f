/**
 * Carries a run one command further. Not where runs wait, queue or are stored: that is the host's.
 *
 * 1. It decides on committed events only, and sends in the tick in which it saw that nothing had changed since.
 * 2. A result is committed before anything else is sent.
 * 3. `performAttempt` is the one place where throws, time-outs and odd values become replies.
 */

import { type Aim, type Command, decide, readOutputs, type Seen, toCall } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { extend } from '../core/history.ts';
import { toStepEvent, toUndoEvent } from '../core/outcome.ts';
import { type Reply, readReply, toRemarks } from '../core/reply.ts';
import type { Attempt, PlannedWay } from '../core/saga.ts';
import { restoreSecrets } from '../core/secret.ts';
import { isParked, readTried, readWay } from '../core/state.ts';
import type { Clock } from './clock.ts';
import type { Barrier } from './lane.ts';
import { toAnnouncement } from './recovery.ts';
import { type Run, readState } from './run.ts';

/** The call in which a step threw. */
export interface Thrown {
  readonly run: string;
  /** `pay`, `undo of pay` … */
  readonly step: string;
  readonly attempt: number;
}
type Now = Parameters<PlannedWay['perform']>[0];
type Barriers = Readonly<Record<string, Barrier>>;
export interface Admission {
  readonly admitted: Aim | null;
  /** Of those before it, by participant. */
  readonly barriers: Barriers;
}
/** All that a run needs from its host. */
export interface Host {
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes: Seen & {
    admit(run: Run, aims: readonly Aim[]): Admission;
    giveBack(run: Run, reply: Reply<unknown>): void;
  };
  /** A step threw: for a person to read, and for nobody to store. */
  readonly onError: (error: unknown, of: Thrown) => void;
  /** Resolves when the events are durable, and part of the run's state. */
  commit(run: Run, happenings: readonly Happening[]): Promise<void>;
}
/** Due, but nobody admits it. */
export type Held = Extract<Command, { type: 'perform' }> & Pick<Admission, 'barriers'>;

/** One command: it was done, or the run waits, also for nothing any more. Throws only when the host does. */
export async function advance(run: Run, host: Host): Promise<'advanced' | 'waits' | Held> {
  const state = readState(run);
  const { clock, lanes } = host;
  const command = decide(run.saga, state, clock.now(), lanes);
  if (command.type === 'wait' || command.type === 'rest') return 'waits';
  if (command.type !== 'perform') {
    await host.commit(run, [command]);
    return 'advanced';
  }
  const { admitted: aim, barriers } = lanes.admit(run, command.aims);
  const parkings = toParkings(run, command.aims, barriers);
  if (parkings.length > 0) await host.commit(run, parkings);
  else if (!aim) return { ...command, barriers };
  else await host.commit(run, toAnnouncement(state, aim) ?? (await tryWay(run, host, aim)));
  return 'advanced';
}

/** Parks the calls that a breaker holds back, unless they are parked already. */
export const toParkings = (run: Run, aims: readonly Aim[], barriers: Barriers): Happening[] =>
  aims
    .filter((aim) => barriers[aim.way.participant] === 'open' && !isParked(readState(run), aim))
    .map(({ way, direction }) => ({
      type: direction === 'undo' ? 'undo-parked' : 'step-parked',
      way: way.name,
      code: 'breaker-open',
    }));

async function tryWay(run: Run, host: Host, { way, direction }: Aim): Promise<Happening[]> {
  const { clock, random, lanes, onError } = host;
  const state = readState(run);
  const number = readTried(state, { way, direction }).attempts + 1;
  const { tries, perform } = toCall({ way, direction });
  const planned = { key: `${run.id}:${way.name}`, number, ordinal: state.calls + 1 };
  const startedAt = Math.max(clock.now(), state.at);
  run.attempt = { way: way.name, direction, number, startedAt };
  const call = (signal: AbortSignal): Promise<unknown> =>
    perform(createNow(run, way, { ...planned, signal, context: state.context }));
  const step = direction === 'undo' ? `undo of ${way.name}` : way.name;
  const reply = await performAttempt(
    // An undo's output is not stored.
    direction === 'forward'
      ? call
      : async (signal) => ({ ...Object(await call(signal)), output: null }),
    tries.timeoutMs,
    clock,
    (error) => onError(error, { run: run.id, step, attempt: number }),
  );
  run.attempt = null;
  lanes.giveBack(run, reply);
  const outcome = {
    tried: { way: way.name, attempt: number, startedAt, ...toRemarks(reply) },
    reply,
    endedAt: clock.now(),
    // The state now: an operator may have asked for a retry meanwhile.
    before: readWay(readState(run), way.name),
    tries,
    isRepair: state.phase === 'completed',
    random: random(),
  };
  const happening = direction === 'forward' ? toStepEvent(outcome) : toUndoEvent(outcome);
  return conclude(run, [happening], host);
}

/** Adds the decisions that follow from the event: they need no call, so they share its commit. */
function conclude(run: Run, happenings: Happening[], host: Host): Happening[] {
  const { after } = extend(run.ahead, happenings, host.clock.now());
  const next = after && decide(run.saga, after, host.clock.now(), host.lanes);
  const isOpen = !next || next.type === 'perform' || next.type === 'wait' || next.type === 'rest';
  return isOpen ? happenings : conclude(run, [...happenings, next], host);
}

/** What the plan's functions see. A request's body follows from the journal alone, so every attempt sends the same. */
function createNow(run: Run, way: PlannedWay, attempt: Attempt): Now {
  const state = readState(run);
  return {
    id: run.id,
    input: restoreSecrets(state.input, run.secrets),
    done: readOutputs(run.saga, state),
    output: readWay(state, way.name).output,
    attempt,
    call: (operation, body) => operation(body, attempt),
  };
}

/** For an aborted call to say what was known of it. */
const noteGraceMs = 20;

/** Ends with the call, or at its deadline. Of a later reply only the note is kept, unless nothing was sent. */
export function performAttempt(
  call: (signal: AbortSignal) => Promise<unknown>,
  timeoutMs: number,
  clock: Clock,
  onError: (error: unknown) => void = () => {},
): Promise<Reply<unknown>> {
  const abort = new AbortController();
  const timedOut = { reply: 'unknown', code: 'timed-out' } as const;
  return new Promise((resolve) => {
    let callOff = clock.setTimer(timeoutMs, () => {
      abort.abort();
      callOff = clock.setTimer(noteGraceMs, () => resolve(timedOut));
    });
    const settle = (reply: Reply<unknown>): void => {
      callOff();
      const isLate = abort.signal.aborted && reply.reply !== 'unsent';
      resolve(isLate ? { ...timedOut, ...toRemarks(reply) } : reply);
    };
    const tell = (error: unknown): void => {
      // A throw because the time is over says nothing new.
      if (!abort.signal.aborted) onError(error);
    };
    // An async function, so that a throw before the first await, or from a value that cannot be read, is caught as well.
    (async () => readReply(await call(abort.signal), tell))().then(settle, (error) => {
      tell(error);
      settle({ reply: 'unknown', code: 'threw' });
    });
  });
}
