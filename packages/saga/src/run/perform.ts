/**
 * Carries a run one command further. Not where runs wait, queue or are stored: that is the host's.
 *
 * 1. It decides on committed events only, and sends in the tick in which it saw that nothing has changed since.
 * 2. A result is committed before anything else is sent.
 * 3. `performAttempt` is the one place where throws, time-outs and odd values become replies.
 */

import {
  type Aim,
  type Command,
  decide,
  type HealedAt,
  readOutputs,
  toCall,
} from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { toStepEvent, toUndoEvent } from '../core/outcome.ts';
import { type Reply, readReply, toRemarks } from '../core/reply.ts';
import type { Attempt, PlannedWay, Undoing } from '../core/saga.ts';
import { restoreSecrets } from '../core/secret.ts';
import { isParked, readTried, readWay } from '../core/state.ts';
import type { Clock } from './clock.ts';
import type { Barrier } from './lane.ts';
import { toAnnouncement } from './recovery.ts';
import { type Run, readState } from './run.ts';

export interface PlannedCall extends Aim {
  readonly number: number;
}
export interface Admission {
  readonly admitted: Aim | null;
  /** Of those before it, by participant. */
  readonly barriers: Readonly<Record<string, Barrier>>;
}
/** All that a run asks of where it lives. */
export interface Host {
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes: {
    readonly healedAt: HealedAt;
    admit(run: Run, aims: readonly Aim[]): Admission;
    giveBack(run: Run, reply: Reply<unknown>): void;
  };
  /** A step threw: for a person to read, and for nobody to store. */
  readonly onError: (run: Run, error: unknown, call: PlannedCall) => void;
  /** Resolves when the events are durable, and part of the run's state. */
  commit(run: Run, happenings: readonly Happening[]): Promise<void>;
}
/** Due, but nobody admits it. */
export type Held = Extract<Command, { type: 'perform' }> & Pick<Admission, 'barriers'>;

/** One command: it was done, or the run waits, also for nothing any more. Throws only when the host does. */
export async function advance(run: Run, host: Host): Promise<'advanced' | 'waits' | Held> {
  const state = readState(run);
  const { clock, lanes } = host;
  const command = decide(run.saga, state, clock.now(), lanes.healedAt);
  if (command.type === 'wait' || command.type === 'rest') return 'waits';
  if (command.type !== 'perform') {
    await host.commit(run, [command]);
    return 'advanced';
  }
  const { admitted, barriers } = lanes.admit(run, command.aims);
  const unparked = command.aims.filter(
    (aim) => barriers[aim.way.participant] === 'open' && !isParked(state, aim),
  );
  if (unparked.length > 0) await host.commit(run, unparked.map(toParked));
  else if (!admitted) return { ...command, barriers };
  else
    await host.commit(run, [
      toAnnouncement(state, admitted) ?? (await tryWay(run, host, admitted)),
    ]);
  return 'advanced';
}

const toParked = ({ way, direction }: Aim): Happening => ({
  type: direction === 'undo' ? 'undo-parked' : 'step-parked',
  way: way.name,
  code: 'breaker-open',
});

/** Makes one call under the run's permit. */
async function tryWay(run: Run, host: Host, { way, direction }: Aim): Promise<Happening> {
  const { clock, random, lanes, onError } = host;
  const state = readState(run);
  const number = readTried(state, { way, direction }).attempts + 1;
  const { tries, perform } = toCall({ way, direction });
  const toNow = createNow(run, way);
  const planned = { key: `${run.id}:${way.name}`, number, ordinal: state.calls + 1 };
  const startedAt = clock.now();
  run.attempt = { way: way.name, direction, number, startedAt };
  const reply = await performAttempt(
    (signal) => perform(toNow({ ...planned, signal, context: state.context })),
    tries.timeoutMs,
    clock,
    (error) => onError(run, error, { way, direction, number }),
  );
  run.attempt = null;
  lanes.giveBack(run, reply);
  const outcome = {
    tried: { way: way.name, attempt: number, startedAt, ...toRemarks(reply) },
    reply,
    endedAt: clock.now(),
    // As it is now: an operator may have asked for a retry meanwhile.
    before: readWay(readState(run), way.name),
    tries,
    isRepair: state.phase === 'completed',
    random: random(),
  };
  return direction === 'forward' ? toStepEvent(outcome) : toUndoEvent(outcome);
}

/** What the plan's functions see. A request's body follows from the journal alone, so every attempt sends the same. */
function createNow(
  run: Run,
  way: PlannedWay,
): (attempt: Attempt) => Undoing<unknown, unknown, unknown> {
  const state = readState(run);
  const input = restoreSecrets(state.input, run.secrets);
  return (attempt) => ({
    id: run.id,
    input,
    done: readOutputs(run.saga, state),
    output: readWay(state, way.name).output,
    attempt,
    call: (operation, body) => operation(body, attempt),
  });
}

/** For an aborted call to say what was known of it. */
const noteGraceMs = 20;

/**
 * Ends when the call does, or at its deadline: a call that ignores its signal is left behind. What comes after the
 * deadline is not believed; only its note is kept, if it comes at once.
 */
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
      resolve(abort.signal.aborted ? { ...timedOut, ...toRemarks(reply) } : reply);
    };
    // An async function, so that a throw before the first await, or from a value that cannot be read, is caught as well.
    (async () => readReply(await call(abort.signal)))().then(settle, (error) => {
      // What throws because its time is over says nothing new.
      if (!abort.signal.aborted) onError(error);
      settle({ reply: 'unknown', code: 'threw' });
    });
  });
}
