// What must happen next. Pure: no clock, no randomness, no IO. Not how it is done: that is `perform.ts`.
//
// 1. A step whose effect may exist is undone on the way back, in reverse order.
// 2. After the decision to compensate nothing goes forward; after the pivot nothing is undone.
// 3. An alternate is called only when the first way was never sent, or its undo acknowledged; after a refusal never.
// 4. An undo that waits holds back the earlier undos of its own participant, and no others.
import type { Decision, Direction } from './event.ts';
import { type Patience, type Tries, toLongestMs } from './policy.ts';
import { type PlannedStep, type PlannedWay, type Saga, toWays } from './saga.ts';
import { type RunState, readChosenAt, readWay, type WayState } from './state.ts';

export interface Aim {
  readonly way: PlannedWay;
  readonly direction: Direction;
}
/** Times are in milliseconds since the epoch. */
export type Command =
  /**
   * Whichever of these is admitted first, one of each participant, in this order. If none is by `until`, decide again.
   * `patient`: participants of what waits beside them, and is due as soon as its participant is well again.
   */
  | {
      readonly type: 'perform';
      readonly aims: readonly Aim[];
      readonly until: number;
      readonly patient: readonly string[];
    }
  | (Aim & { readonly type: 'wait'; readonly until: number; readonly patient: readonly string[] })
  | Decision
  /** Nothing is left to do, or the run is set aside. */
  | { readonly type: 'rest' };

type AnySaga = Pick<Saga<unknown>, 'plan'>;

/** When a participant's breaker closed last, in milliseconds since the epoch; 0 when it never did. */
export type HealedAt = (participant: string) => number;

interface View {
  readonly now: number;
  readonly healedAt: HealedAt;
}

/** `now` is in milliseconds since the epoch, and no earlier than the state's last event. */
export function decide(
  saga: AnySaga,
  state: RunState,
  now: number,
  healedAt: HealedAt = () => 0,
): Command {
  const view = { now, healedAt };
  if (state.isQuarantined) return { type: 'rest' };
  switch (state.phase) {
    case 'forward':
      return decideForward(saga, state, view);
    case 'compensating':
      return actOn(owedUndos(saga, state), view) ?? { type: 'compensated' };
    case 'completed':
      return actOn(owedRepairs(saga, state), view) ?? { type: 'rest' };
    case 'compensated':
      return { type: 'rest' };
    default:
      return state.phase satisfies never;
  }
}

export const isPastPivot = (saga: AnySaga, state: RunState): boolean =>
  saga.plan.some((step) => step.kind === 'pivot' && findOk(state, step));

function decideForward(saga: AnySaga, state: RunState, view: View): Command {
  const step = findCurrent(saga, state);
  if (state.cancelRequested && !isPastPivot(saga, state))
    return { type: 'compensation-decided', code: 'cancelled', step: null };
  if (!step) return { type: 'completed' };
  const planned = chosen(state, step);
  const way = readWay(state, planned.name);
  if (way.result === 'refused')
    return { type: 'compensation-decided', code: way.code ?? 'refused', step: step.name };
  if (isSpent(way, planned.tries, view.now)) return giveUp(state, step, way.code ?? 'exhausted');
  if (owesFirstUndo(state, step)) return undoFirst(state, step, view);
  return actOn([toForward(state, planned)], view) ?? { type: 'rest' };
}

/** The first step without an outcome; later steps that were refused, put off or written off hold nothing up. */
export function findCurrent(saga: AnySaga, state: RunState): PlannedStep | undefined {
  return saga.plan.find((step) => !isDone(state, step) && !state.deferred.includes(step.name));
}

const isDone = (state: RunState, step: PlannedStep): boolean =>
  findOk(state, step) !== undefined ||
  (step.kind === 'later' &&
    (isWrittenOff(state, step) || readWay(state, chosen(state, step).name).result === 'refused'));

/** A later step is written off by its first way: that is what would be tried. */
const isWrittenOff = (state: RunState, step: PlannedStep): boolean =>
  readWay(state, step.first.name).writtenOff !== null;

const isSpent = (way: WayState, tries: Tries, now: number): boolean =>
  way.final ||
  way.failures >= tries.attemptsMax ||
  (way.since !== null && now >= way.since + tries.budgetMs);

function giveUp(state: RunState, step: PlannedStep, code: string): Command {
  if (step.alternate && readChosenAt(state, step.name) === undefined)
    return { type: 'alternate-chosen', step: step.name, code };
  return step.kind === 'later'
    ? { type: 'step-deferred', step: step.name, code }
    : { type: 'compensation-decided', code, step: step.name };
}

/** The alternate has its own patience, and the undo before it counts: it ends as one that was never reached. */
function undoFirst(state: RunState, step: PlannedStep, view: View): Command {
  const { undo, code } = readWay(state, step.first.name);
  const endsAt = (readChosenAt(state, step.name) ?? view.now) + chosen(state, step).tries.budgetMs;
  if (undo.exhausted || view.now >= endsAt)
    return { type: 'compensation-decided', code: code ?? 'exhausted', step: step.name };
  return actOn([{ ...toUndo(state, step.first), endsAt }], view) ?? { type: 'rest' };
}

export const owesFirstUndo = (state: RunState, step: PlannedStep): boolean =>
  readChosenAt(state, step.name) !== undefined && !step.repeatable && isOwed(state, step.first);

/** The way that counts for a step: its alternate once that was chosen. */
export const chosen = (state: RunState, step: PlannedStep): PlannedWay =>
  step.alternate && readChosenAt(state, step.name) !== undefined ? step.alternate : step.first;

/** Whichever way did it: a repair takes the first one, though the alternate was chosen. */
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

function isOwed(state: RunState, planned: PlannedWay): boolean {
  const way = readWay(state, planned.name);
  const mayBe = way.result === 'ok' || way.mayExist;
  return planned.undo !== null && mayBe && !way.undo.done && way.writtenOff === null;
}

/** Later steps that an operator may write off: open ones, before or after the run completed without them. */
export const findOpenLater = (saga: AnySaga, state: RunState): PlannedStep[] =>
  isPastPivot(saga, state)
    ? saga.plan.filter((step) => step.kind === 'later' && !isDone(state, step))
    : [];

/** Something that may be done from `retryAt` on. */
interface Due extends Aim {
  readonly retryAt: number;
  /** When it is given up, though no attempt was due. */
  readonly endsAt: number;
  /** No wait that was written under this clock is longer. */
  readonly delayMaxMs: number;
  /** A breaker that closed after this makes it due. Endless where that makes no difference. */
  readonly triedAt: number;
}
const never = Number.POSITIVE_INFINITY;

const owedUndos = (saga: AnySaga, state: RunState): Due[] =>
  findOwed(saga, state).map((way) => toUndo(state, way));

/** Repairs have no end: a budget is for what holds the run up. The first way is tried, since it is what was wanted. */
const owedRepairs = (saga: AnySaga, state: RunState): Due[] =>
  findOpenLater(saga, state)
    .filter((step) => state.deferred.includes(step.name))
    .map((step) => toForward(state, step.first, 'endless'));

function toForward(state: RunState, way: PlannedWay, patience: Patience = 'step'): Due {
  const tried = readWay(state, way.name);
  return {
    way,
    direction: 'forward',
    retryAt: tried.retryAt,
    endsAt: patience === 'step' ? (tried.since ?? never) + way.tries.budgetMs : never,
    delayMaxMs: toLongestMs(way.tries, tried, patience),
    triedAt: patience === 'step' ? never : tried.triedAt,
  };
}

function toUndo(state: RunState, way: PlannedWay): Due {
  const { undo } = readWay(state, way.name);
  const patience = undo.exhausted ? 'exhausted' : 'endless';
  return {
    way,
    direction: 'undo',
    retryAt: undo.retryAt,
    endsAt: never,
    delayMaxMs: way.undo ? toLongestMs(way.undo.tries, undo, patience) : 0,
    triedAt: undo.triedAt,
  };
}

/** Of each participant the first one counts: what is due may be done, else the earliest is waited for. */
function actOn(dues: readonly Due[], view: View): Command | null {
  const first = dues.filter(
    ({ way }, i) => dues.findIndex((due) => due.way.participant === way.participant) === i,
  );
  const aims = first.filter((due) => isDue(due, view));
  const waiting = first.filter((due) => !aims.includes(due));
  const until = Math.min(
    ...first.map(({ endsAt }) => endsAt),
    ...waiting.map(({ retryAt }) => retryAt),
  );
  const patient = waiting
    .filter(({ triedAt }) => triedAt < never)
    .map(({ way }) => way.participant);
  if (aims.length > 0) return { type: 'perform', aims, until, patient };
  const [next] = waiting.toSorted((a, b) => a.retryAt - b.retryAt);
  if (!next) return null;
  return { type: 'wait', way: next.way, direction: next.direction, until, patient };
}

/** A wait beyond the longest delay was written under another clock: a clock set back must not hold a run up. */
const isDue = ({ retryAt, delayMaxMs, triedAt, way }: Due, { now, healedAt }: View): boolean =>
  retryAt <= now || retryAt - now > delayMaxMs || healedAt(way.participant) > triedAt;
