// Carries a run one command further. Not where runs wait, queue or are stored: that is the host's.
//
// 1. It decides on committed events only, and sends in the tick in which it decided.
// 2. A result is committed before anything else is sent.
// 3. `performAttempt` is the one place where throws, time-outs and odd values become replies.
import type { Clock } from './clock.ts';
import { type Command, decide, type Passages, readOutputs } from './decide.ts';
import type { Happening } from './event.ts';
import { toStepEvent, toUndoEvent } from './outcome.ts';
import { type Reply, readReply, toRemarks } from './reply.ts';
import type { Attempt, PlannedWay, Saga, Undoing } from './saga.ts';
import { restoreSecrets } from './secret.ts';
import { isStarted, type RunState, readWay } from './state.ts';

/**
 * All that a run needs from where it lives. Embedded, it is a journal and timers. On a replicated log, `attempt` is a
 * recorded side effect that the log never retries, `now` the time of the last record, and a `wait` ends the handler.
 */
export interface Host {
  readonly id: string;
  /** With every committed event folded in. */
  state(): RunState;
  /** The input's secret fields by path; empty once they were erased. */
  secrets(): Readonly<Record<string, unknown>>;
  now(): number;
  /** Whether participants may be called. What it says must hold until `attempt` begins the call. */
  readonly passages: Passages;
  /** In [0, 1). */
  random(): number;
  /** Makes one call, and knows when it began and ended. Never retries it, never throws. */
  attempt(call: PlannedCall, perform: () => Promise<Reply<unknown>>): Promise<Attempted>;
  /** Resolves when the events are durable and part of `state()`. */
  commit(happenings: readonly Happening[]): Promise<void>;
}
export interface Attempted {
  readonly reply: Reply<unknown>;
  readonly startedAt: number;
  readonly endedAt: number;
}
type Performing = Extract<Command, { type: 'perform' }>;
type PlannedCall = Performing & { readonly number: number; readonly timeoutMs: number };
/** Why the driver stopped: it did something and may go on, or it must wait, or nothing is left. */
export type Advance = { readonly type: 'advanced' } | Extract<Command, { type: 'wait' | 'rest' }>;

/** One command. Throws only when the host does: then the run is as the journal says, and no further. */
export async function advance(saga: Saga<unknown>, host: Host, clock: Clock): Promise<Advance> {
  const command = decide(saga, host.state(), host.now(), host.passages);
  if (command.type === 'wait' || command.type === 'rest') return command;
  await host.commit([
    command.type === 'perform' ? await perform(saga, host, clock, command) : toHappening(command),
  ]);
  return { type: 'advanced' };
}

/** Open at two ends of the process in a row: from then on its calls are announced, so that an end in them is seen. */
const suspectMin = 2;
const interruptionsMax = 5;

export const isSuspect = ({ interruptions }: Interrupted): boolean => interruptions >= suspectMin;
/** An end was seen in its call. Several may have been under way: one at a time, they can be told apart. */
export const isTriedAlone = ({ interruptions }: Interrupted): boolean => interruptions > suspectMin;
/** The process ended in its call, and not only while it was open, as often as can be tolerated. */
export const isPoison = ({ interruptions }: Interrupted): boolean =>
  interruptions >= interruptionsMax;
type Interrupted = Pick<RunState, 'interruptions'>;

/**
 * Announced first, then decided anew: the attempt of a suspect, one that comes out of being parked, and each of a
 * repair. So a restart knows who was called when the process ended, and that nobody who is parked or put off was.
 */
function perform(...calling: Parameters<typeof tryWay>): Happening | Promise<Happening> {
  const [, host, , { way, direction }] = calling;
  const state = host.state();
  const known = readWay(state, way.name);
  const { isParked } = direction === 'forward' ? known : known.undo;
  const isAnnounced = isParked || isSuspect(state) || state.phase === 'completed';
  return isAnnounced && !isStarted(state, way.name, direction)
    ? { type: 'attempt-started', way: way.name, direction }
    : tryWay(...calling);
}

function toHappening(command: Exclude<Command, { type: 'perform' | 'wait' | 'rest' }>): Happening {
  switch (command.type) {
    case 'choose-alternate':
      return { type: 'alternate-chosen', step: command.step, code: command.code };
    case 'park': {
      const type = command.direction === 'undo' ? 'undo-parked' : 'step-parked';
      return { type, way: command.way.name, code: command.code };
    }
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

async function tryWay(
  saga: Saga<unknown>,
  host: Host,
  clock: Clock,
  { type, way, direction }: Performing,
): Promise<Happening> {
  const before = readWay(host.state(), way.name);
  const number = (direction === 'forward' ? before : before.undo).attempts + 1;
  const { tries, perform } = direction === 'undo' && way.undo ? way.undo : way;
  const toNow = createNow(saga, host, way);
  const { context, calls } = host.state();
  const key = `${host.id}:${way.name}`;
  const { timeoutMs } = tries;
  const call = { type, way, direction, number, timeoutMs };
  const { reply, startedAt, endedAt } = await host.attempt(call, () =>
    performAttempt(
      (signal) => perform(toNow({ key, number, ordinal: calls + 1, signal, context })),
      timeoutMs,
      clock,
    ),
  );
  const tried = { way: way.name, attempt: number, startedAt, ...toRemarks(reply) };
  // As it is now: an operator may have asked for a retry meanwhile.
  const outcome = {
    tried,
    reply,
    endedAt,
    before: readWay(host.state(), way.name),
    tries,
    isRepair: host.state().phase === 'completed',
    random: host.random(),
  };
  return direction === 'forward' ? toStepEvent(outcome) : toUndoEvent(outcome);
}

/** What the plan's functions see. A request's body follows from the journal alone, so every attempt sends the same. */
function createNow(
  saga: Saga<unknown>,
  host: Host,
  way: PlannedWay,
): (attempt: Attempt) => Undoing<unknown, unknown, unknown> {
  const state = host.state();
  const input = restoreSecrets(state.input, host.secrets());
  return (attempt) => ({
    id: host.id,
    input,
    done: readOutputs(saga, state),
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
    (async () => readReply(await call(abort.signal)))().then(settle, () =>
      settle({ reply: 'unknown', code: 'threw' }),
    );
  });
}
