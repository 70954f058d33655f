// What must happen next. Pure: no clock, no randomness, no IO. Not how it is done: that is the driver's.
//
// 1. A step whose effect may exist is undone on the way back, in reverse order.
// 2. After the decision to compensate nothing goes forward; after the pivot nothing is undone.
// 3. An alternate is called only when the first way has no effect: refused, never sent, or its undo acknowledged.
// 4. An undo that waits holds back the earlier undos of its own participant, and no others.
import type { Direction } from './event.ts';
import type { Tries } from './policy.ts';
import { type PlannedStep, type PlannedWay, type Saga, toWays } from './saga.ts';
import { type RunState, readWay, type WayState } from './state.ts';

export type Command =
  | { readonly type: 'perform'; readonly way: PlannedWay; readonly direction: Direction }
  /** `until` is in milliseconds since the epoch. */
  | {
      readonly type: 'wait';
      readonly until: number;
      readonly way: PlannedWay;
      readonly direction: Direction;
    }
  | { readonly type: 'choose-alternate'; readonly step: string; readonly code: string }
  | { readonly type: 'defer'; readonly step: string; readonly code: string }
  | { readonly type: 'compensate'; readonly code: string; readonly step: string | null }
  | { readonly type: 'finish'; readonly as: 'completed' | 'compensated' }
  /** Nothing is left to do, ever. */
  | { readonly type: 'rest' };

type AnySaga = Pick<Saga<unknown>, 'plan'>;

/** `now` is in milliseconds since the epoch, and no earlier than the state's last event. */
export function decide(saga: AnySaga, state: RunState, now: number): Command {
  switch (state.phase) {
    case 'forward':
      return decideForward(saga, state, now);
    case 'compensating':
      return actOn(owedUndos(saga, state), now) ?? { type: 'finish', as: 'compensated' };
    case 'completed':
      return actOn(owedRepairs(saga, state), now) ?? { type: 'rest' };
    case 'compensated':
      return { type: 'rest' };
    default:
      return state.phase satisfies never;
  }
}

export const isPastPivot = (saga: AnySaga, state: RunState): boolean =>
  saga.plan.some((step) => step.kind === 'pivot' && findOk(state, step));

/** The way whose forward attempt may have been under way when the process ended: recovery marks it unknown. */
export function findUnfinished(saga: AnySaga, state: RunState): PlannedWay | null {
  const step = state.phase === 'forward' ? findCurrent(saga, state) : undefined;
  if (!step || owesFirstUndo(state, step)) return null;
  const way = chosen(state, step);
  return readWay(state, way.name).result === 'none' ? way : null;
}

function decideForward(saga: AnySaga, state: RunState, now: number): Command {
  const step = findCurrent(saga, state);
  if (state.cancelRequested && !isPastPivot(saga, state))
    return { type: 'compensate', code: 'cancelled', step: null };
  if (!step) return { type: 'finish', as: 'completed' };
  const planned = chosen(state, step);
  const way = readWay(state, planned.name);
  if (way.result === 'refused')
    return { type: 'compensate', code: way.code ?? 'refused', step: step.name };
  if (isSpent(way, planned.tries, now)) return giveUp(state, step, way.code ?? 'exhausted');
  if (owesFirstUndo(state, step)) return undoFirst(state, step, now);
  return actOn([toForward(state, planned)], now) ?? { type: 'rest' };
}

/** The first step without an outcome; later steps that were refused or put off hold nothing up. */
function findCurrent(saga: AnySaga, state: RunState): PlannedStep | undefined {
  return saga.plan.find((step) => !isDone(state, step) && !state.deferred.includes(step.name));
}

const isDone = (state: RunState, step: PlannedStep): boolean =>
  findOk(state, step) !== undefined ||
  (step.kind === 'later' && readWay(state, chosen(state, step).name).result === 'refused');

const isSpent = (way: WayState, tries: Tries, now: number): boolean =>
  way.final ||
  way.failures >= tries.attemptsMax ||
  (way.since !== null && now >= way.since + tries.budgetMs);

function giveUp(state: RunState, step: PlannedStep, code: string): Command {
  if (step.alternate && !state.alternates.includes(step.name))
    return { type: 'choose-alternate', step: step.name, code };
  return step.kind === 'later'
    ? { type: 'defer', step: step.name, code }
    : { type: 'compensate', code, step: step.name };
}

function undoFirst(state: RunState, step: PlannedStep, now: number): Command {
  const { undo, code } = readWay(state, step.first.name);
  if (undo.exhausted) return { type: 'compensate', code: code ?? 'exhausted', step: step.name };
  return actOn([toUndo(state, step.first)], now) ?? { type: 'rest' };
}

const owesFirstUndo = (state: RunState, step: PlannedStep): boolean =>
  state.alternates.includes(step.name) && !step.repeatable && isOwed(state, step.first);

/** The way that counts for a step: its alternate once that was chosen. */
const chosen = (state: RunState, step: PlannedStep): PlannedWay =>
  step.alternate && state.alternates.includes(step.name) ? step.alternate : step.first;

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
  return planned.undo !== null && !way.undo.done && (way.result === 'ok' || way.mayExist);
}

/** Something that may be done from `retryAt` on. */
interface Due {
  readonly way: PlannedWay;
  readonly direction: Direction;
  readonly retryAt: number;
  /** When it is given up, though no attempt was due. */
  readonly endsAt: number;
  readonly delayMaxMs: number;
}

const owedUndos = (saga: AnySaga, state: RunState): Due[] =>
  findOwed(saga, state).map((way) => toUndo(state, way));

/** Repairs have no end: a budget is for what holds the run up. The first way is tried, since it is what was wanted. */
function owedRepairs(saga: AnySaga, state: RunState): Due[] {
  const open = saga.plan.filter(
    (step) =>
      state.deferred.includes(step.name) && readWay(state, step.first.name).result === 'none',
  );
  return open.map((step) => ({
    ...toForward(state, step.first),
    endsAt: Number.POSITIVE_INFINITY,
  }));
}

function toForward(state: RunState, way: PlannedWay): Due {
  const { retryAt, since } = readWay(state, way.name);
  return {
    way,
    direction: 'forward',
    retryAt,
    endsAt: (since ?? Number.POSITIVE_INFINITY) + way.tries.budgetMs,
    delayMaxMs: way.tries.delayMaxMs,
  };
}

function toUndo(state: RunState, way: PlannedWay): Due {
  const { retryAt } = readWay(state, way.name).undo;
  return {
    way,
    direction: 'undo',
    retryAt,
    endsAt: Number.POSITIVE_INFINITY,
    delayMaxMs: way.undo?.tries.delayMaxMs ?? 0,
  };
}

/** The first one that is due; else a wait for the earliest; else nothing. */
function actOn(dues: readonly Due[], now: number): Command | null {
  const waiting: Due[] = [];
  for (const due of dues) {
    if (waiting.some((other) => other.way.participant === due.way.participant)) continue;
    if (isDue(due, now)) return { type: 'perform', way: due.way, direction: due.direction };
    waiting.push(due);
  }
  const [next] = waiting.sort((a, b) => wakeAt(a) - wakeAt(b));
  return next
    ? { type: 'wait', until: wakeAt(next), way: next.way, direction: next.direction }
    : null;
}

const wakeAt = (due: Due): number => Math.min(due.retryAt, due.endsAt);

/** A wait beyond the longest delay was written under another clock: a clock set back must not hold a run up. */
const isDue = (due: Due, now: number): boolean =>
  due.retryAt <= now || due.retryAt - now > due.delayMaxMs;
