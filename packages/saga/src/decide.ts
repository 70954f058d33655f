// What must happen next. Pure: no clock, no randomness, no IO. Not how it is done: that is the driver's.
//
// 1. A step whose effect may exist is undone on the way back, in reverse order.
// 2. After the decision to compensate nothing goes forward; after the pivot nothing is undone.
// 3. An alternate is called only when the first way was never sent, or its undo acknowledged; after a refusal never.
// 4. An undo that waits holds back the earlier undos of its own participant, and no others.
// 5. Without a passage to its participant nothing is called: the run is parked, and its time budget goes on.
import type { Direction } from './event.ts';
import { type Patience, type Tries, toLongestMs } from './policy.ts';
import { type PlannedStep, type PlannedWay, type Saga, toWays } from './saga.ts';
import { isStarted, type RunState, readChosenAt, readWay, type WayState } from './state.ts';

export interface Aim {
  readonly way: PlannedWay;
  readonly direction: Direction;
}
export interface Held {
  readonly participants: Readonly<Record<string, 'full' | 'parked'>>;
  /** When the next attempt is to be expected, as far as can be said. */
  readonly tryAt: number;
}
export type Command =
  | (Aim & { readonly type: 'perform' })
  | (Aim & {
      readonly type: 'wait';
      /** In milliseconds since the epoch. */
      readonly until: number;
      /** Whom it must be called by: `until` is when it is given up, or looked at again in any case. */
      readonly held?: Held;
    })
  | (Aim & { readonly type: 'park'; readonly code: string })
  | { readonly type: 'choose-alternate'; readonly step: string; readonly code: string }
  | { readonly type: 'defer'; readonly step: string; readonly code: string }
  | { readonly type: 'compensate'; readonly code: string; readonly step: string | null }
  | { readonly type: 'finish'; readonly as: 'completed' | 'compensated' }
  /** Nothing is left to do, ever. */
  | { readonly type: 'rest' };

type AnySaga = Pick<Saga<unknown>, 'plan'>;

/** What lies between a run and a participant now. `until` and `healedAt` are in milliseconds since the epoch. */
export interface Passage {
  /** `full`: too many calls are in flight. `parked`: its breaker is open. */
  readonly type: 'free' | 'full' | 'parked';
  /** When the breaker lets the next one through. */
  readonly until: number;
  /** When the breaker closed last: an undo that failed before then is due. 0 when it never did. */
  readonly healedAt: number;
}
export type Passages = (participant: string, direction: Direction) => Passage;
const openPassages: Passages = () => ({ type: 'free', until: 0, healedAt: 0 });

interface View {
  readonly now: number;
  readonly passages: Passages;
}

/** `now` is in milliseconds since the epoch, and no earlier than the state's last event. */
export function decide(
  saga: AnySaga,
  state: RunState,
  now: number,
  passages: Passages = openPassages,
): Command {
  const view = { now, passages };
  if (state.isQuarantined) return { type: 'rest' };
  switch (state.phase) {
    case 'forward':
      return decideForward(saga, state, view);
    case 'compensating':
      return actOn(owedUndos(saga, state), view) ?? { type: 'finish', as: 'compensated' };
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
    return { type: 'compensate', code: 'cancelled', step: null };
  if (!step) return { type: 'finish', as: 'completed' };
  const planned = chosen(state, step);
  const way = readWay(state, planned.name);
  if (way.result === 'refused')
    return { type: 'compensate', code: way.code ?? 'refused', step: step.name };
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
    return { type: 'choose-alternate', step: step.name, code };
  return step.kind === 'later'
    ? { type: 'defer', step: step.name, code }
    : { type: 'compensate', code, step: step.name };
}

/** The alternate has its own patience, and the undo before it counts: it ends as one that was never reached. */
function undoFirst(state: RunState, step: PlannedStep, view: View): Command {
  const { undo, code } = readWay(state, step.first.name);
  const endsAt = (readChosenAt(state, step.name) ?? view.now) + chosen(state, step).tries.budgetMs;
  if (undo.exhausted || view.now >= endsAt)
    return { type: 'compensate', code: code ?? 'exhausted', step: step.name };
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
interface Due {
  readonly way: PlannedWay;
  readonly direction: Direction;
  readonly retryAt: number;
  /** When it is given up, though no attempt was due. */
  readonly endsAt: number;
  /** No wait that was written under this clock is longer. */
  readonly delayMaxMs: number;
  /** And was not called out of it: then it is parked anew, which says that nothing is under way. */
  readonly isParked: boolean;
  /** A breaker that closed after this makes it due. */
  readonly triedAt: number;
}

const owedUndos = (saga: AnySaga, state: RunState): Due[] =>
  findOwed(saga, state).map((way) => toUndo(state, way));

/** Repairs have no end: a budget is for what holds the run up. The first way is tried, since it is what was wanted. */
const owedRepairs = (saga: AnySaga, state: RunState): Due[] =>
  findOpenLater(saga, state)
    .filter((step) => state.deferred.includes(step.name))
    .map((step) => toForward(state, step.first, 'endless'));

function toForward(state: RunState, way: PlannedWay, patience: Patience = 'step'): Due {
  const tried = readWay(state, way.name);
  const never = Number.POSITIVE_INFINITY;
  return {
    way,
    direction: 'forward',
    retryAt: tried.retryAt,
    endsAt: patience === 'step' ? (tried.since ?? never) + way.tries.budgetMs : never,
    delayMaxMs: toLongestMs(way.tries, tried, patience),
    isParked: tried.isParked && !isStarted(state, way.name, 'forward'),
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
    endsAt: Number.POSITIVE_INFINITY,
    delayMaxMs: way.undo ? toLongestMs(way.undo.tries, undo, patience) : 0,
    isParked: undo.isParked && !isStarted(state, way.name, 'undo'),
    triedAt: undo.triedAt,
  };
}

/** The first one that is due and has a passage; else a wait for the earliest; else nothing. */
function actOn(dues: readonly Due[], { now, passages }: View): Command | null {
  const waiting: Waiting[] = [];
  for (const due of dues) {
    if (waiting.some((other) => other.due.way.participant === due.way.participant)) continue;
    const { way, direction } = due;
    const passage = passages(way.participant, direction);
    if (!isDue(due, now, passage)) waiting.push(toWaiting(due, due.retryAt, null));
    else if (passage.type === 'free') return { type: 'perform', way, direction };
    else if (passage.type === 'parked' && !due.isParked)
      return { type: 'park', way, direction, code: 'breaker-open' };
    else waiting.push(toHeld(due, now, passage.until, passage.type));
  }
  return toWait(waiting);
}

interface Waiting {
  readonly due: Due;
  readonly wakeAt: number;
  readonly tryAt: number;
  readonly why: 'full' | 'parked' | null;
}

/** Whoever holds a run wakes it. Should that ever fail, it is not for good. */
const lookAgainMs = 3_600_000;

const toWaiting = (due: Due, wakeAt: number, why: Waiting['why']): Waiting => ({
  due,
  wakeAt: Math.min(wakeAt, due.endsAt),
  tryAt: wakeAt,
  why,
});

const toHeld = (due: Due, now: number, until: number, why: 'full' | 'parked'): Waiting => ({
  ...toWaiting(due, now + lookAgainMs, why),
  tryAt: Math.max(now, until),
});

function toWait(waiting: readonly Waiting[]): Command | null {
  const [next] = waiting.toSorted((a, b) => a.tryAt - b.tryAt);
  if (!next) return null;
  const until = Math.min(...waiting.map(({ wakeAt }) => wakeAt));
  const held = waiting.flatMap(({ due, why }) =>
    why ? [[due.way.participant, why] as const] : [],
  );
  const { way, direction } = next.due;
  const wait = { type: 'wait', until, way, direction } as const;
  if (held.length === 0) return wait;
  return { ...wait, held: { participants: Object.fromEntries(held), tryAt: next.tryAt } };
}

/** A wait beyond the longest delay was written under another clock: a clock set back must not hold a run up. */
const isDue = (
  { retryAt, delayMaxMs, triedAt }: Due,
  now: number,
  { healedAt }: Passage,
): boolean => retryAt <= now || retryAt - now > delayMaxMs || healedAt > triedAt;
