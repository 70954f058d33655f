/**
 * What must happen next. Pure: no clock, no randomness, no IO. Not how it is done: that is `perform.ts`.
 *
 * 1. A step whose effect may exist is undone on the way back, in reverse order.
 * 2. After the decision to compensate nothing goes forward; after the pivot nothing is undone.
 * 3. An alternate is called only when the first way was never sent, or its undo acknowledged; after a refusal never.
 * 4. An undo that waits holds back the earlier undos of its own participant, and no others.
 */
import type { Decision, Direction } from './event.ts';
import { endlessDelayMaxMs, type Patience, toLongestMs } from './policy.ts';
import { type PlannedStep, type PlannedWay, type Saga, toWays } from './saga.ts';
import {
  type RunState,
  readChosenAt,
  readTried,
  readWay,
  type TriedState,
  type WayState,
} from './state.ts';

export interface Aim {
  readonly way: PlannedWay;
  readonly direction: Direction;
}
/** The call of a way in its direction, and how often it is tried. */
export const toCall = ({ way, direction }: Aim): NonNullable<PlannedWay['undo']> =>
  direction === 'undo' && way.undo ? way.undo : way;

/** Times are in milliseconds since the epoch. */
export type Command =
  /** Perform the first of these that is admitted, one of each participant, in order. If none is by `until`, decide again. */
  | {
      readonly type: 'perform';
      readonly aims: readonly Aim[];
      readonly until: number;
      /** Participants of the calls that wait beside these, and are due as soon as their participant is well again. */
      readonly patient: readonly string[];
    }
  | (Aim & { readonly type: 'wait'; readonly until: number; readonly patient: readonly string[] })
  | Decision
  /** Nothing is left to do, or the run is set aside. */
  | { readonly type: 'rest' };

type AnySaga = Pick<Saga<unknown>, 'plan'>;

/** What this process saw itself. Times are in milliseconds since the epoch. */
export interface Seen {
  /** When a participant's breaker closed last; 0 when it never did. */
  readonly healedAt: (participant: string) => number;
  /** The start of the process. */
  readonly bornAt: number;
}
interface View extends Seen {
  readonly now: number;
}

const rest: Command = { type: 'rest' };
const unseen: Seen = { healedAt: () => 0, bornAt: Number.NEGATIVE_INFINITY };

export function decide(saga: AnySaga, state: RunState, now: number, seen = unseen): Command {
  const view = { now, ...seen };
  if (isResting(state, now)) return rest;
  switch (state.phase) {
    case 'forward':
      return decideForward(saga, state, view);
    case 'compensating': {
      const undos = findOwed(saga, state).map((way) => toDue(state, { way, direction: 'undo' }));
      return actOn(undos, view, { type: 'compensated' });
    }
    case 'completed': {
      // A repair tries the first way, since the caller wanted that one.
      const repairs = findRepairs(saga, state).map(({ first }) =>
        toDue(state, { way: first, direction: 'forward' }),
      );
      return actOn(repairs, view, rest);
    }
    case 'compensated':
      return rest;
    default:
      return state.phase satisfies never;
  }
}

/** A time that is too far away was written under another clock. */
const isResting = ({ isQuarantined, restsUntil }: RunState, now: number): boolean =>
  isQuarantined && restsUntil > now && restsUntil - now <= endlessDelayMaxMs;

export const isPastPivot = (saga: AnySaga, state: RunState): boolean =>
  saga.plan.some((step) => step.kind === 'pivot' && findOk(state, step));

function decideForward(saga: AnySaga, state: RunState, view: View): Command {
  const step = findCurrent(saga, state);
  if (state.cancelRequested && !isPastPivot(saga, state))
    return { type: 'compensation-decided', code: 'cancelled', step: null };
  if (!step) return { type: 'completed' };
  const way = chosen(state, step);
  const { result, code, final, failures, since } = readWay(state, way.name);
  if (result === 'refused')
    return { type: 'compensation-decided', code: code ?? 'refused', step: step.name };
  const endsAt = since === null ? never : toEndsAt(since, way, view);
  if (final || failures >= way.tries.attemptsMax || view.now >= endsAt)
    return giveUp(state, step, code ?? 'exhausted');
  if (owesFirstUndo(state, step)) return undoFirst(state, step, view);
  return actOn([toDue(state, { way, direction: 'forward' }, endsAt)], view, rest);
}

/** A budget counts only time that this process lived through: a clock that was set wrong gives nothing up. */
const toEndsAt = (since: number, { tries }: PlannedWay, { bornAt }: View): number =>
  Math.max(since, bornAt) + tries.budgetMs;

/** The first step without an outcome. After the pivot, a step that was refused, deferred or written off holds nothing up. */
export function findCurrent(saga: AnySaga, state: RunState): PlannedStep | undefined {
  return saga.plan.find((step) => !isDone(state, step) && !state.deferred.includes(step.name));
}

const isDone = (state: RunState, step: PlannedStep): boolean =>
  findOk(state, step) !== undefined ||
  // A deferred step is written off by its first way, which a repair would try.
  (step.kind === 'later' &&
    (readWay(state, step.first.name).writtenOff !== null ||
      readWay(state, chosen(state, step).name).result === 'refused'));

function giveUp(state: RunState, step: PlannedStep, code: string): Command {
  if (step.alternate && readChosenAt(state, step.name) === undefined)
    return { type: 'alternate-chosen', step: step.name, code };
  return step.kind === 'later'
    ? { type: 'step-deferred', step: step.name, code }
    : { type: 'compensation-decided', code, step: step.name };
}

/** The alternate has its own budget. The first way's undo counts against it: past it, the alternate is never called. */
function undoFirst(state: RunState, step: PlannedStep, view: View): Command {
  const { undo, code } = readWay(state, step.first.name);
  const since = readChosenAt(state, step.name) ?? view.now;
  const endsAt = toEndsAt(since, chosen(state, step), view);
  if (undo.exhausted || view.now >= endsAt)
    return { type: 'compensation-decided', code: code ?? 'exhausted', step: step.name };
  return actOn([toDue(state, { way: step.first, direction: 'undo' }, endsAt)], view, rest);
}

export const owesFirstUndo = (state: RunState, step: PlannedStep): boolean =>
  readChosenAt(state, step.name) !== undefined && !step.repeatable && isOwed(state, step.first);

/** The way that counts for a step: its alternate once that was chosen. */
export const chosen = (state: RunState, step: PlannedStep): PlannedWay =>
  step.alternate && readChosenAt(state, step.name) !== undefined ? step.alternate : step.first;

/** The way that did the step: a repair takes the first, though the alternate was chosen. */
const findOk = (state: RunState, step: PlannedStep): WayState | undefined =>
  toWays(step)
    .map((way) => readWay(state, way.name))
    .find((way) => way.result === 'ok');

/** The outputs so far, by step: what the functions of the plan see as `done`. */
export function readOutputs(saga: AnySaga, state: RunState): Record<string, unknown> {
  return Object.fromEntries(
    saga.plan.flatMap((step) => {
      const way = findOk(state, step);
      return way ? [[step.name, way.output]] : [];
    }),
  );
}

/** The ways that must be undone, in the order of undoing. */
export function findOwed(saga: AnySaga, state: RunState): PlannedWay[] {
  return saga.plan
    .flatMap(toWays)
    .reverse()
    .filter((way) => isOwed(state, way));
}

/** `key-reused` says that this id had a run before: an effect from before this run's first attempt is that run's. */
export const isForeign = (state: RunState, way: string): boolean =>
  state.reason?.code === 'key-reused' && readWay(state, way).isInherited;

function isOwed(state: RunState, planned: PlannedWay): boolean {
  const way = readWay(state, planned.name);
  const mayBe = way.result === 'ok' || way.mayExist;
  const isOurs = !isForeign(state, planned.name);
  return planned.undo !== null && mayBe && isOurs && !way.undo.done && way.writtenOff === null;
}

/** Deferred steps that an operator may write off: not done yet, before or after the run completed without them. */
export const findOpenLater = (saga: AnySaga, state: RunState): PlannedStep[] =>
  isPastPivot(saga, state)
    ? saga.plan.filter((step) => step.kind === 'later' && !isDone(state, step))
    : [];

/** Deferred steps that a completed run still owes. */
export const findRepairs = (saga: AnySaga, state: RunState): PlannedStep[] =>
  findOpenLater(saga, state).filter(({ name }) => state.deferred.includes(name));

/** Something that may be done from its `retryAt` on, and is given up at `endsAt`. */
interface Due extends Aim {
  readonly tried: TriedState;
  readonly patience: Patience;
  readonly endsAt: number;
}
const never = Number.POSITIVE_INFINITY;

function toDue(state: RunState, aim: Aim, endsAt = never): Due {
  return { ...aim, tried: readTried(state, aim), patience: toPatience(state, aim), endsAt };
}

/** Undos and repairs have no end: a budget is for steps that hold the run up. */
function toPatience(state: RunState, { way, direction }: Aim): Patience {
  if (direction === 'undo')
    return readWay(state, way.name).undo.exhausted ? 'exhausted' : 'endless';
  return state.phase === 'completed' ? 'endless' : 'step';
}

/** Of each participant the first counts: calls that are due may be made, else the earliest is waited for. */
function actOn(dues: readonly Due[], view: View, otherwise: Command): Command {
  const first = dues.filter(
    ({ way }, i) => dues.findIndex((due) => due.way.participant === way.participant) === i,
  );
  const aims = first.filter((due) => isDue(due, view));
  const waiting = first.filter((due) => !aims.includes(due));
  const until = Math.min(
    ...first.map(({ endsAt }) => endsAt),
    ...waiting.map(({ tried }) => tried.retryAt),
  );
  const patient = waiting.filter(isPatient).map(({ way }) => way.participant);
  if (aims.length > 0) return { type: 'perform', aims, until, patient };
  const [next] = waiting.toSorted((a, b) => a.tried.retryAt - b.tried.retryAt);
  if (!next) return otherwise;
  return { type: 'wait', way: next.way, direction: next.direction, until, patient };
}

/** An undo or repair is due at once when its participant is well again. A step keeps to its own time. */
const isPatient = ({ patience }: Due): boolean => patience !== 'step';

/** A wait beyond the longest delay was written under another clock: a clock set back must not hold a run up. */
function isDue(due: Due, { now, healedAt }: View): boolean {
  const { tried, patience, way } = due;
  const waitMs = tried.retryAt - now;
  if (waitMs <= 0 || waitMs > toLongestMs(toCall(due).tries, tried, patience)) return true;
  return isPatient(due) && healedAt(way.participant) > tried.triedAt;
}
