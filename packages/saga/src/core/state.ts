/**
 * What the events say so far. `evolve` folds one more event in; it is pure, knows no plan and decides nothing.
 *
 * 1. Unknown is sticky: only an ok or a refusal under the same key clears it.
 * 2. Once compensation was decided, a late ok changes nothing but what has to be undone.
 * 3. Secrets are never part of the state.
 */
import type { Aimed, Direction, Event, EventType, TriedEvent } from './event.ts';

type Told<T extends EventType> = Omit<Extract<Event, { type: T }>, 'type'>;

export interface TriedState {
  /** Attempts that were sent, or may have been. */
  readonly attempts: number;
  /** Attempts that count against the policy: neither unsent nor interrupted ones. */
  readonly failures: number;
  readonly unsents: number;
  readonly retryAt: number;
  /** The last reply's, unless that was ok. */
  readonly code: string | null;
  /** Waits for the participant's breaker since its last attempt. */
  readonly isParked: boolean;
  /** When the last attempt had ended, in milliseconds since the epoch. */
  readonly triedAt: number;
}

export interface UndoState extends TriedState {
  readonly done: boolean;
  /** Refused, or out of attempts: it goes on, ever more rarely, and the run says that it is stuck. */
  readonly exhausted: boolean;
}

export interface WayState extends TriedState {
  readonly result: 'none' | 'ok' | 'refused';
  /** An attempt's end was not seen, and no ok or refusal has answered since. */
  readonly mayExist: boolean;
  readonly final: boolean;
  /** Start of the first recorded attempt, in milliseconds since the epoch. */
  readonly since: number | null;
  readonly output: unknown;
  /** The participant answered the first attempt that it is done already: perhaps by an earlier run under this id. */
  readonly isInherited: boolean;
  readonly undo: UndoState;
  /** An operator's: the way will not be done, or not be undone. */
  readonly writtenOff: Omit<Told<'written-off'>, 'way' | 'seq'> | null;
}

/** A run so far. `seq` is that of the last event. */
export interface RunState extends Omit<Told<'accepted'>, 'at'> {
  readonly phase: 'forward' | 'compensating' | 'completed' | 'compensated';
  /** Why the run is, or was, undone. */
  readonly reason: Omit<Told<'compensation-decided'>, 'at' | 'seq'> | null;
  readonly cancelRequested: boolean;
  /** Steps whose alternate was chosen, and when: in milliseconds since the epoch. */
  readonly alternates: Readonly<Record<string, number>>;
  /** Deferred steps: these degrade the run. */
  readonly deferred: readonly string[];
  readonly ways: Readonly<Record<string, WayState>>;
  /** Ends of the process in a row, while this run got no further: no attempt ended, and nothing was decided. */
  readonly interruptions: number;
  /** The call that was announced before it left, until its end is seen or it was parked again. */
  readonly started: Aimed | null;
  readonly isQuarantined: boolean;
  /** The end of a quarantine, in milliseconds since the epoch: no call of the run is tried before. */
  readonly restsUntil: number;
  /** Calls so far, as far as can be known: also calls that were never sent, or whose end nobody saw. */
  readonly calls: number;
  readonly acceptedAt: number;
  /** The last event's time, in milliseconds since the epoch. */
  readonly at: number;
  readonly settledAt: number | null;
}

const untried: TriedState = {
  attempts: 0,
  failures: 0,
  unsents: 0,
  retryAt: 0,
  code: null,
  isParked: false,
  triedAt: 0,
};
const freshWay: WayState = {
  ...untried,
  result: 'none',
  mayExist: false,
  final: false,
  since: null,
  output: undefined,
  isInherited: false,
  undo: { ...untried, done: false, exhausted: false },
  writtenOff: null,
};
const freshRun = {
  phase: 'forward',
  reason: null,
  cancelRequested: false,
  alternates: {},
  deferred: [],
  ways: {},
  interruptions: 0,
  started: null,
  isQuarantined: false,
  restsUntil: 0,
  calls: 0,
  settledAt: null,
} as const satisfies Partial<RunState>;

/** Of its own properties only: a step may be named `constructor`. */
export const readWay = ({ ways }: RunState, name: string): WayState =>
  (Object.hasOwn(ways, name) && ways[name]) || freshWay;

export const readChosenAt = ({ alternates }: RunState, step: string): number | undefined =>
  Object.hasOwn(alternates, step) ? alternates[step] : undefined;

export const isStarted = ({ started }: RunState, way: string, direction: Direction): boolean =>
  started?.way === way && started.direction === direction;

interface Target {
  readonly way: { readonly name: string };
  readonly direction: Direction;
}
export const readTried = (state: RunState, { way, direction }: Target): TriedState =>
  direction === 'undo' ? readWay(state, way.name).undo : readWay(state, way.name);

/** The way waits for its participant's breaker, and was not called since. */
export const isParked = (state: RunState, aim: Target): boolean =>
  readTried(state, aim).isParked && !isStarted(state, aim.way.name, aim.direction);

export function evolve(state: RunState | null, event: Event): RunState {
  if (event.seq !== (state?.seq ?? 0) + 1)
    throw new Error(`event ${event.seq} after ${state?.seq ?? 0}`);
  if (event.type === 'accepted') {
    const { type: _, at, ...accepted } = event;
    return { ...freshRun, ...accepted, acceptedAt: at, at };
  }
  if (!state) throw new Error(`a run that begins with ${event.type}`);
  const { seq, at } = event;
  return { ...state, ...toTraces(state, event), ...toChange(state, event), seq, at };
}

/** Another call or another direction: the suspicion that a call ends the process begins anew. */
const unsuspected = { interruptions: 0, isQuarantined: false, restsUntil: 0 } as const;

/** A call has ended, or may have been under way when the process did: both have a number. */
function toTraces({ calls, interruptions }: RunState, event: Event): Partial<RunState> {
  if (event.type === 'recovered' || 'interrupted' in event)
    return {
      calls: calls + 1,
      interruptions: interruptions + ('blameless' in event ? 0 : 1),
      started: null,
    };
  return 'attempt' in event ? { ...unsuspected, calls: calls + 1, started: null } : {};
}

function toChange(state: RunState, event: Exclude<Event, { type: 'accepted' }>): Partial<RunState> {
  switch (event.type) {
    case 'cancel-requested':
      return { ...unsuspected, cancelRequested: true };
    case 'compensation-decided': {
      const { code, step } = event;
      return { ...unsuspected, phase: 'compensating', reason: { code, step } };
    }
    case 'completed':
    case 'compensated':
      return { ...unsuspected, phase: event.type, settledAt: event.at };
    case 'alternate-chosen':
      return { ...unsuspected, alternates: { ...state.alternates, [event.step]: event.at } };
    case 'step-deferred':
      return { ...unsuspected, deferred: [...state.deferred, event.step] };
    case 'recovered':
      return {};
    case 'attempt-started':
      return { started: { way: event.way, direction: event.direction } };
    case 'quarantined':
      return { isQuarantined: true, restsUntil: event.until ?? 0 };
    case 'retry-requested':
      if (event.nudge) return { ways: toDue(state.ways) };
      // An announced call may be under way: only its end, or a restart, says otherwise.
      return { ...unsuspected, ways: toDue(state.ways, unspent) };
    case 'written-off': {
      const { direction, reason, at } = event;
      return changeWay(state, event.way, { writtenOff: { direction, reason, at } });
    }
    case 'step-parked':
      return park(state, event, 'forward');
    case 'undo-parked':
      return park(state, event, 'undo');
    default:
      return changeWay(state, event.way, toWayChange(readWay(state, event.way), event));
  }
}

const changeWay = (state: RunState, name: string, change: Partial<WayState>) => ({
  ways: { ...state.ways, [name]: { ...readWay(state, name), ...change } },
});

type Parked = Extract<Event, { type: 'step-parked' | 'undo-parked' }>;

function park(state: RunState, { way, code, at }: Parked, direction: Direction): Partial<RunState> {
  const { since, undo } = readWay(state, way);
  const parked = { code, isParked: true };
  const change =
    direction === 'undo' ? { undo: { ...undo, ...parked } } : { ...parked, since: since ?? at };
  const started = isStarted(state, way, direction) ? null : state.started;
  return { ...changeWay(state, way, change), started };
}

/** An undo has all its attempts before it again, so that the run is no longer stuck. */
const unspent = { failures: 0, unsents: 0, exhausted: false } as const satisfies Partial<UndoState>;

const toDue = (ways: RunState['ways'], again: Partial<UndoState> = {}): RunState['ways'] =>
  Object.fromEntries(
    Object.entries(ways).map(([name, way]) => [
      name,
      { ...way, retryAt: 0, undo: { ...way.undo, retryAt: 0, ...again } },
    ]),
  );

function toWayChange(way: WayState, event: TriedEvent): Partial<WayState> {
  const forward = { ...toTried(way, event), since: way.since ?? event.startedAt };
  const undo = { ...way.undo, ...toTried(way.undo, event) };
  switch (event.type) {
    case 'step-succeeded':
      return {
        ...forward,
        result: 'ok',
        mayExist: false,
        output: event.output,
        isInherited: event.attempt === 1 && event.details?.replayed !== undefined,
        writtenOff: null,
      };
    case 'step-refused':
      return { ...forward, result: 'refused', mayExist: false };
    case 'step-unsent':
      return forward;
    case 'step-unknown':
      return { ...forward, mayExist: true, final: way.final || event.final === true };
    case 'undo-succeeded':
      return { undo: { ...undo, done: true } };
    case 'undo-refused':
    case 'undo-unsent':
    case 'undo-unknown':
      return { undo: { ...undo, exhausted: event.exhausted } };
    default:
      return event satisfies never;
  }
}

function toTried(before: TriedState, event: TriedEvent): TriedState {
  const isUnsent = event.type === 'step-unsent' || event.type === 'undo-unsent';
  const isFailure = 'retryAt' in event && !isUnsent && !('interrupted' in event);
  return {
    attempts: isUnsent ? before.attempts : event.attempt,
    failures: before.failures + (isFailure ? 1 : 0),
    unsents: before.unsents + (isUnsent ? 1 : 0),
    retryAt: 'retryAt' in event ? event.retryAt : before.retryAt,
    code: 'code' in event ? event.code : null,
    isParked: false,
    triedAt: event.at,
  };
}
