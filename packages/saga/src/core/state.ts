// What the events say so far. `evolve` folds one more event in; it is pure, knows no plan and decides nothing.
//
// 1. Unknown is sticky: only an ok or a refusal under the same key clears it.
// 2. Once compensation was decided, a late ok changes nothing but what has to be undone.
// 3. Secrets are never part of the state.
import type { Aimed, Direction, Event, TriedEvent } from './event.ts';

interface TriedState {
  /** Attempts that were sent, or may have been. */
  readonly attempts: number;
  /** Attempts that count against the policy: neither unsent nor interrupted ones. */
  readonly failures: number;
  readonly unsents: number;
  readonly retryAt: number;
  /** Of the last reply, unless that was ok. */
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
  readonly undo: UndoState;
  /** By an operator: not done any more, or not undone any more. */
  readonly writtenOff: WriteOff | null;
}

export interface WriteOff {
  readonly direction: Direction;
  readonly reason: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

export interface RunState {
  readonly saga: string;
  readonly version: number;
  readonly structure: string;
  readonly input: unknown;
  readonly context: Readonly<Record<string, string>>;
  readonly phase: 'forward' | 'compensating' | 'completed' | 'compensated';
  /** Why it is, or was, undone. */
  readonly reason: { readonly code: string; readonly step: string | null } | null;
  readonly cancelRequested: boolean;
  /** Steps whose alternate was chosen, and when: in milliseconds since the epoch. */
  readonly alternates: Readonly<Record<string, number>>;
  /** Later steps that were put off: what degrades the run. */
  readonly deferred: readonly string[];
  readonly ways: Readonly<Record<string, WayState>>;
  /** Ends of the process in a row, without an attempt of this run whose end was seen. */
  readonly interruptions: number;
  /** What was announced before its call, until its end is seen or it was parked again. */
  readonly started: Aimed | null;
  readonly isQuarantined: boolean;
  /** Calls so far, as far as can be known: also those that were never sent, or whose end nobody saw. */
  readonly calls: number;
  /** Of the last event. */
  readonly seq: number;
  readonly acceptedAt: number;
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
  calls: 0,
  settledAt: null,
} as const satisfies Partial<RunState>;

/** Of its own properties only: a step may be named `constructor`. */
export const readWay = ({ ways }: RunState, name: string): WayState =>
  (Object.hasOwn(ways, name) && ways[name]) || freshWay;

/** Undefined while its alternate was not chosen. */
export const readChosenAt = ({ alternates }: RunState, step: string): number | undefined =>
  Object.hasOwn(alternates, step) ? alternates[step] : undefined;

export const isStarted = ({ started }: RunState, way: string, direction: Direction): boolean =>
  started?.way === way && started.direction === direction;

interface Target {
  readonly way: { readonly name: string };
  readonly direction: Direction;
}
/** Of the way, or of its undo. */
export const readTried = (state: RunState, { way, direction }: Target): TriedState =>
  direction === 'undo' ? readWay(state, way.name).undo : readWay(state, way.name);

/** Waits for its participant's breaker, and was not called out of it since. */
export const isParked = (state: RunState, aim: Target): boolean =>
  readTried(state, aim).isParked && !isStarted(state, aim.way.name, aim.direction);

export function evolve(state: RunState | null, event: Event): RunState {
  if (event.seq !== (state?.seq ?? 0) + 1)
    throw new Error(`event ${event.seq} after ${state?.seq ?? 0}`);
  if (event.type === 'accepted') {
    const { saga, version, structure, input, context, seq, at } = event;
    return { ...freshRun, saga, version, structure, input, context, seq, acceptedAt: at };
  }
  if (!state) throw new Error(`a run that begins with ${event.type}`);
  const calls = state.calls + (isCall(event) ? 1 : 0);
  return { ...state, ...toChange(state, event), calls, seq: event.seq };
}

/** A call may have been under way when the process ended: a number is given away for it too. */
const isCall = (event: Event): boolean => 'attempt' in event || event.type === 'recovered';

function toChange(state: RunState, event: Exclude<Event, { type: 'accepted' }>): Partial<RunState> {
  switch (event.type) {
    case 'cancel-requested':
      return { cancelRequested: true };
    case 'compensation-decided':
      return { phase: 'compensating', reason: { code: event.code, step: event.step } };
    case 'completed':
    case 'compensated':
      return { phase: event.type, settledAt: event.at };
    case 'alternate-chosen':
      return { alternates: { ...state.alternates, [event.step]: event.at } };
    case 'step-deferred':
      return { deferred: [...state.deferred, event.step] };
    case 'recovered':
      return { interruptions: state.interruptions + 1, started: null };
    case 'attempt-started':
      return { started: { way: event.way, direction: event.direction } };
    case 'quarantined':
      return { isQuarantined: true };
    case 'retry-requested':
      if (event.nudge) return { ways: toDue(state.ways) };
      // What was announced may be under way: only its end, or a restart, says otherwise.
      return { interruptions: 0, isQuarantined: false, ways: toDue(state.ways, unspent) };
    default:
      return toWayChange(state, event);
  }
}

const calm = { interruptions: 0, started: null } as const satisfies Partial<RunState>;

type WayEvent = Exclude<Extract<Event, { way: string }>, { type: 'attempt-started' }>;

function toWayChange(state: RunState, event: WayEvent): Partial<RunState> {
  const way = readWay(state, event.way);
  const change = (after: WayState) => ({ ways: { ...state.ways, [event.way]: after } });
  switch (event.type) {
    case 'written-off':
      return change({ ...way, writtenOff: toWriteOff(event) });
    case 'step-parked': {
      const since = way.since ?? event.at;
      return {
        ...change({ ...way, since, code: event.code, isParked: true }),
        started: isStarted(state, event.way, 'forward') ? null : state.started,
      };
    }
    case 'undo-parked': {
      const undo = { ...way.undo, code: event.code, isParked: true };
      const started = isStarted(state, event.way, 'undo') ? null : state.started;
      return { ...change({ ...way, undo }), started };
    }
    default: {
      const isInterrupted = event.type === 'step-unknown' && event.interrupted === true;
      const traces = isInterrupted
        ? { interruptions: state.interruptions + 1, started: null }
        : calm;
      return { ...change(toWay(way, event)), ...traces };
    }
  }
}

const toWriteOff = ({
  direction,
  reason,
  at,
}: Extract<WayEvent, { type: 'written-off' }>): WriteOff => ({ direction, reason, at });

/** An undo has all its attempts before it again, so that the run is no longer stuck. */
const unspent = { failures: 0, unsents: 0, exhausted: false } as const satisfies Partial<UndoState>;

/** What waits is due. */
const toDue = (ways: RunState['ways'], again: Partial<UndoState> = {}): RunState['ways'] =>
  Object.fromEntries(
    Object.entries(ways).map(([name, way]) => [
      name,
      { ...way, retryAt: 0, undo: { ...way.undo, retryAt: 0, ...again } },
    ]),
  );

function toWay(before: WayState, event: TriedEvent): WayState {
  const way = { ...before, isParked: false, triedAt: event.at };
  switch (event.type) {
    case 'step-succeeded':
      return {
        ...toTried(way, event),
        result: 'ok',
        mayExist: false,
        output: event.output,
        code: null,
        writtenOff: null,
      };
    case 'step-refused':
      return { ...toTried(way, event), result: 'refused', mayExist: false, code: event.code };
    case 'step-unsent':
      return {
        ...way,
        since: way.since ?? event.startedAt,
        unsents: way.unsents + 1,
        retryAt: event.retryAt,
        code: event.code,
      };
    case 'step-unknown':
      return {
        ...toTried(way, event),
        failures: way.failures + (event.interrupted ? 0 : 1),
        mayExist: true,
        final: way.final || (event.final ?? false),
        retryAt: event.retryAt,
        code: event.code,
      };
    case 'undo-succeeded':
    case 'undo-refused':
    case 'undo-unsent':
    case 'undo-unknown':
      return { ...before, undo: toUndo(before.undo, event) };
    default:
      return event satisfies never;
  }
}

const toTried = (way: WayState, event: TriedEvent): WayState => ({
  ...way,
  attempts: event.attempt,
  since: way.since ?? event.startedAt,
});

function toUndo(
  before: UndoState,
  event: Extract<TriedEvent, { type: `undo-${string}` }>,
): UndoState {
  const undo = { ...before, isParked: false, triedAt: event.at };
  if (event.type === 'undo-succeeded')
    return { ...undo, attempts: event.attempt, done: true, code: null };
  const waits = { exhausted: event.exhausted, retryAt: event.retryAt, code: event.code };
  if (event.type === 'undo-unsent') return { ...undo, ...waits, unsents: undo.unsents + 1 };
  return { ...undo, ...waits, attempts: event.attempt, failures: undo.failures + 1 };
}
