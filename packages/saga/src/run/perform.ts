// Carries a run one command further. Not where runs wait, queue or are stored: that is the host's.
//
// 1. It decides on committed events only, and sends in the tick in which it saw that nothing has changed since.
// 2. A result is committed before anything else is sent.
// 3. `performAttempt` is the one place where throws, time-outs and odd values become replies.

import { type Aim, type Command, decide, type HealedAt, readOutputs } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { toStepEvent, toUndoEvent } from '../core/outcome.ts';
import { type Reply, readReply, toRemarks } from '../core/reply.ts';
import type { Attempt, PlannedWay, Undoing } from '../core/saga.ts';
import { restoreSecrets } from '../core/secret.ts';
import { isParked, readTried, readWay } from '../core/state.ts';
import type { Clock } from './clock.ts';
import { toAnnouncement } from './recovery.ts';
import { type Run, readState } from './run.ts';

/** Its `state` is the same object until the next commit. Its `secrets` are empty once they were erased. */
type Moved = Pick<Run, 'id' | 'saga' | 'state' | 'secrets'>;
/**
 * All that a run needs from where it lives. Embedded, it is a journal and timers. On a replicated log, `look` and
 * `attempt` are recorded side effects that the log never retries, and what is waited for ends the handler.
 */
export interface Host<R extends Moved> {
  readonly clock: Clock;
  look(): Look;
  /** Asks for a permit to call the first of these that may be called now. The permit is kept until the call has ended. */
  admit(run: R, aims: readonly Aim[]): Admission | Promise<Admission>;
  /** Makes one call under its permit, and knows when it began and ended. Never retries it, never throws. */
  attempt(run: R, call: PlannedCall, perform: () => Promise<Reply<unknown>>): Promise<Attempted>;
  /** A step threw: for a person to read, and for nobody to store. */
  onError(run: R, error: unknown, call: PlannedCall): void;
  /** Resolves when the events are durable and part of the run's state. */
  commit(run: R, happenings: readonly Happening[]): Promise<void>;
}
export interface Look {
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
  readonly healedAt: HealedAt;
}
/** `full`: too many calls are in flight. `open`: its breaker is open. */
export type Barrier = 'full' | 'open';
export interface Admission {
  readonly admitted: Aim | null;
  /** Of those before it, by participant. */
  readonly barriers: Readonly<Record<string, Barrier>>;
}
export interface Attempted {
  readonly reply: Reply<unknown>;
  readonly startedAt: number;
  readonly endedAt: number;
}
export interface PlannedCall extends Aim {
  readonly number: number;
}
/** Due, but nobody admits it. */
export type Held = Extract<Command, { type: 'perform' }> & Pick<Admission, 'barriers'>;
/** Why it stopped: it did something and may go on, or the run must wait, or nothing is left. */
export type Advance =
  | { readonly type: 'advanced' }
  | Held
  | Extract<Command, { type: 'wait' | 'rest' }>;

const advanced: Advance = { type: 'advanced' };

/** One command. Throws only when the host does: then the run is as the journal says, and no further. */
export async function advance<R extends Moved>(run: R, host: Host<R>): Promise<Advance> {
  const state = readState(run);
  const { now, healedAt } = host.look();
  const command = decide(run.saga, state, now, healedAt);
  if (command.type === 'wait' || command.type === 'rest') return command;
  if (command.type !== 'perform') {
    await host.commit(run, [toHappening(command)]);
    return advanced;
  }
  const { admitted, barriers } = await host.admit(run, command.aims);
  if (run.state !== state) return advanced;
  const unparked = command.aims.filter(
    (aim) => barriers[aim.way.participant] === 'open' && !isParked(state, aim),
  );
  if (unparked.length > 0) await host.commit(run, unparked.map(toParked));
  else if (!admitted) return { ...command, barriers };
  else
    await host.commit(run, [
      toAnnouncement(state, admitted) ?? (await tryWay(run, host, admitted)),
    ]);
  return advanced;
}

const toParked = ({ way, direction }: Aim): Happening => ({
  type: direction === 'undo' ? 'undo-parked' : 'step-parked',
  way: way.name,
  code: 'breaker-open',
});

function toHappening(command: Exclude<Command, { type: 'perform' | 'wait' | 'rest' }>): Happening {
  switch (command.type) {
    case 'choose-alternate':
      return { type: 'alternate-chosen', step: command.step, code: command.code };
    case 'defer':
      return { type: 'step-deferred', step: command.step, code: command.code };
    case 'compensate':
      return { type: 'compensation-decided', code: command.code, step: command.step };
    case 'finish':
      return { type: command.as };
    default:
      return command satisfies never;
  }
}

async function tryWay<R extends Moved>(
  run: R,
  host: Host<R>,
  { way, direction }: Aim,
): Promise<Happening> {
  const state = readState(run);
  const number = readTried(state, { way, direction }).attempts + 1;
  const { tries, perform } = direction === 'undo' && way.undo ? way.undo : way;
  const call = { way, direction, number };
  const toNow = createNow(run, way);
  const planned = { key: `${run.id}:${way.name}`, number, ordinal: state.calls + 1 };
  const { reply, startedAt, endedAt } = await host.attempt(run, call, () =>
    performAttempt(
      (signal) => perform(toNow({ ...planned, signal, context: state.context })),
      tries.timeoutMs,
      host.clock,
      (error) => host.onError(run, error, call),
    ),
  );
  const outcome = {
    tried: { way: way.name, attempt: number, startedAt, ...toRemarks(reply) },
    reply,
    endedAt,
    // As it is now: an operator may have asked for a retry meanwhile.
    before: readWay(readState(run), way.name),
    tries,
    isRepair: state.phase === 'completed',
    random: host.look().random,
  };
  return direction === 'forward' ? toStepEvent(outcome) : toUndoEvent(outcome);
}

/** What the plan's functions see. A request's body follows from the journal alone, so every attempt sends the same. */
function createNow(
  run: Moved,
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
