/**
 * A part of the way to one participant, for the runs of one partition: its share of the permits, the line of runs that
 * wait for one, and a copy of the breaker, which is the cluster's. Pure: times are arguments. It decides as the embedded
 * host's lane does, on data that a store can keep.
 *
 * 1. Calls in flight are bounded, and undos leave one permit to the others.
 * 2. While the breaker is open, whoever would be let through is a probe only if the breaker grants it.
 * 3. A permit is a lease: a call whose end is never told gives it back by itself.
 * 4. A run that is called out of the line has its permit kept for a moment, so that no newcomer takes it.
 */
import type { Direction } from '@baton/saga';
import { type Priority, priorities } from '@baton/saga/core/rest';
import type { Barrier } from '@baton/saga/run/lane';
import { type Copy, type Outcome, toCopy, unknownBreaker } from './breaker-state.ts';

export interface LaneOptions {
  /** Its share of the participant's permits. */
  readonly callsMax: number;
  /** So many outcomes are told together, unless one of them fails. */
  readonly tellOfMax: number;
}
interface Place {
  readonly isUndo: boolean;
  /** In milliseconds since the epoch, as all times here. */
  readonly until: number;
}
interface Permit extends Place {
  readonly era: number;
}
interface Waiting {
  readonly run: string;
  readonly priority: Priority;
}
export interface LaneState {
  readonly copy: Copy;
  /** Outcomes that the breaker does not know yet. */
  readonly untold: readonly Outcome[];
  readonly permits: Readonly<Record<string, Permit>>;
  /** Called out of the line: their place is kept. */
  readonly called: Readonly<Record<string, Place>>;
  readonly line: readonly Waiting[];
}
export const emptyLane: LaneState = {
  copy: toCopy(unknownBreaker),
  untold: [],
  permits: {},
  called: {},
  line: [],
};

export interface Wanted {
  readonly run: string;
  readonly direction: Direction;
  readonly priority: Priority;
  readonly now: number;
  readonly timeoutMs: number;
}
export interface Ended extends Omit<Outcome, 'era' | 'at'> {
  readonly now: number;
}

/** A run that finds no place in a line this long asks again by itself. */
const lineMax = 1_000;
/** Beyond a call's own time: for the way there and back, and for another process to take the run over. */
const leaseMs = 60_000;
const calledMs = 5_000;
const untoldMs = 1_000;

export const toLeaseEnd = ({ now, timeoutMs }: Wanted): number => now + timeoutMs + leaseMs;

/** Only the breaker can tell whether this run may call. */
export const isProbe = (lane: LaneState, wanted: Wanted, { callsMax }: LaneOptions): boolean =>
  lane.copy.isOpen &&
  !(wanted.run in lane.permits) &&
  look(dropExpired(lane, wanted.now), wanted, callsMax) === null;

/**
 * Either the run may call now, or what is in its way. `next`: those whose place somebody else has left unused. A probe is
 * granted by the breaker, or does not go.
 */
export function admit(
  lane: LaneState,
  wanted: Wanted,
  { callsMax }: LaneOptions,
  isGranted = false,
) {
  const { now } = wanted;
  const kept = dropExpired(lane, now);
  const barrier = isGranted ? null : look(kept, wanted, callsMax);
  return { ...callNext(enterLane(kept, wanted, barrier), now, callsMax), barrier };
}

function enterLane(lane: LaneState, wanted: Wanted, barrier: Barrier | null): LaneState {
  const { run, direction } = wanted;
  if (barrier === 'full') return standInLine(lane, wanted);
  // It parks, and leaves the place that was kept for it to others.
  if (barrier) return leaveLine(lane, run);
  const permit = { era: lane.copy.era, isUndo: direction === 'undo', until: toLeaseEnd(wanted) };
  return { ...leaveLine(lane, run), permits: { ...lane.permits, [run]: permit } };
}

/** A call has ended, or was not made. `next`: those that are to come now. `outcomes`: what the breaker is to hear now. */
export function release(
  lane: LaneState,
  { now, ...ended }: Ended,
  { callsMax, tellOfMax }: LaneOptions,
): Changed & { readonly outcomes: readonly Outcome[] } {
  const { run, verdict } = ended;
  const { [run]: permit, ...permits } = lane.permits;
  if (!permit) return { lane, next: [], outcomes: [] };
  const isNews = verdict !== 'nothing' || lane.copy.isOpen;
  const outcomes = [...lane.untold, ...(isNews ? [{ ...ended, era: permit.era, at: now }] : [])];
  const isUrgent = isNews && (verdict !== 'healthy' || lane.copy.isOpen);
  const isLate = (outcomes[0]?.at ?? now) <= now - untoldMs;
  const isTold = isUrgent || isLate || outcomes.length >= tellOfMax;
  const after = { ...lane, permits, untold: isTold ? [] : outcomes };
  return {
    ...callNext(dropExpired(after, now), now, callsMax),
    outcomes: isTold ? outcomes : [],
  };
}

/** What the breaker says of itself. */
export function hear(lane: LaneState, copy: Copy): Changed {
  // An answer may overtake a message.
  if (copy.era < lane.copy.era) return { lane, next: [] };
  return sendAway({ ...lane, copy });
}

export interface Changed {
  readonly lane: LaneState;
  readonly next: readonly string[];
}

export const viewLane = ({ permits, line }: LaneState) => ({
  inFlight: Object.keys(permits).length,
  waiting: line.length,
});
export type LaneView = ReturnType<typeof viewLane>;

function look(lane: LaneState, wanted: Wanted, callsMax: number): Barrier | null {
  const { run, direction, now } = wanted;
  if (run in lane.permits) return null;
  if (lane.copy.isOpen && now < lane.copy.until) return 'open';
  const { [run]: own, ...called } = lane.called;
  const { free, undos } = countFree({ ...lane, called }, callsMax);
  const places = direction === 'undo' ? undos : free;
  // An undo that may not go yet holds up undos only.
  const isBehind = lane.line.some(
    (other) =>
      other.run !== run &&
      toRank(other) <= toRank(wanted) &&
      (other.priority !== 'undo' || undos > 0),
  );
  if (places > 0 && (own || !isBehind)) return null;
  // An open breaker serves nobody in line: who finds no place for a probe parks.
  return lane.copy.isOpen ? 'open' : 'full';
}

/** How many places there are, and how many of them undos may have. */
function countFree({ permits, called }: LaneState, callsMax: number) {
  const taken = [...Object.values(permits), ...Object.values(called)];
  const free = callsMax - taken.length;
  const undosMax = Math.max(1, callsMax - 1);
  return { free, undos: Math.min(free, undosMax - taken.filter(({ isUndo }) => isUndo).length) };
}

/** A run that is there keeps its place, also when its rank changes. Where the line is full, the last of the lowest rank gives way. */
function standInLine(lane: LaneState, { run, priority }: Wanted): LaneState {
  const { line } = lane;
  const own = { run, priority };
  const at = line.findIndex((other) => other.run === run);
  if (at >= 0) return { ...lane, line: line.with(at, own) };
  if (line.length < lineMax) return { ...lane, line: [...line, own] };
  const lowest = Math.max(...line.map(toRank));
  if (toRank(own) >= lowest) return lane;
  const last = line.findLastIndex((other) => toRank(other) === lowest);
  return { ...lane, line: [...line.toSpliced(last, 1), own] };
}

const toRank = ({ priority }: Pick<Waiting, 'priority'>): number => priorities.indexOf(priority);

function leaveLine(lane: LaneState, run: string): LaneState {
  const { [run]: _, ...called } = lane.called;
  return { ...lane, called, line: lane.line.filter((other) => other.run !== run) };
}

/** They have to be told to park: an open breaker serves nobody in line. */
function sendAway(lane: LaneState): Changed {
  if (!lane.copy.isOpen) return { lane, next: [] };
  return { lane: { ...lane, line: [] }, next: lane.line.map(({ run }) => run) };
}

function callNext(lane: LaneState, now: number, callsMax: number): Changed {
  if (lane.copy.isOpen) return sendAway(lane);
  let { free, undos } = countFree(lane, callsMax);
  const called = { ...lane.called };
  const inOrder = priorities.flatMap((rank) =>
    lane.line.filter(({ priority }) => priority === rank),
  );
  const next = inOrder.filter(({ run, priority }) => {
    const isUndo = priority === 'undo';
    if (free <= 0 || (isUndo && undos <= 0)) return false;
    free -= 1;
    if (isUndo) undos -= 1;
    called[run] = { isUndo, until: now + calledMs };
    return true;
  });
  const line = lane.line.filter((waiting) => !next.includes(waiting));
  return { lane: { ...lane, called, line }, next: next.map(({ run }) => run) };
}

function dropExpired(lane: LaneState, now: number): LaneState {
  const keep = <P extends Place>(places: Readonly<Record<string, P>>): Record<string, P> =>
    Object.fromEntries(Object.entries(places).filter(([, { until }]) => until > now));
  return { ...lane, permits: keep(lane.permits), called: keep(lane.called) };
}
