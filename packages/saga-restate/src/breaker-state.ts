/**
 * A participant's breaker, one for the whole cluster: what its lanes tell of their calls, and what they are told. Pure.
 *
 * 1. A failure is told at once, what was served a few at a time: all that decides comes before what it decides.
 * 2. One probe at a time, whichever lane asks first. A probe that is never heard of is lost when its time is over.
 */
import type { BreakerOptions } from '@baton/saga';
import {
  type Breaker,
  closedBreaker,
  enter,
  hasten,
  leave,
  mayPass,
  type Verdict,
} from '@baton/saga/run/breaker';

export interface BreakerState {
  readonly breaker: Breaker;
  /** Since the cluster began, failed probes not counted. */
  readonly openings: number;
  readonly servedAt: number;
  /** In milliseconds since the epoch, as all times here. */
  readonly probeUntil: number;
}
export const unknownBreaker: BreakerState = {
  breaker: closedBreaker,
  openings: 0,
  servedAt: 0,
  probeUntil: 0,
};

/** How a call ended, and that of a run whose earlier call failed at `failedAt`, or 0. */
export interface Outcome {
  readonly run: string;
  /** In which it was called. */
  readonly era: number;
  readonly verdict: Verdict;
  readonly retryAfterMs?: number | undefined;
  readonly failedAt: number;
  readonly at: number;
  /** In [0, 1). */
  readonly random: number;
}
/** What a lane knows of the breaker. */
export interface Copy {
  readonly era: number;
  readonly isOpen: boolean;
  /** Nobody need ask before. */
  readonly until: number;
}
export const toCopy = ({ breaker, probeUntil }: BreakerState): Copy => ({
  era: breaker.era,
  isOpen: breaker.state === 'open',
  until: breaker.isProbing ? probeUntil : breaker.until,
});

export const learn = (
  state: BreakerState,
  outcomes: readonly Outcome[],
  options: BreakerOptions,
): BreakerState => outcomes.reduce((before, outcome) => count(before, outcome, options), state);

function count(state: BreakerState, outcome: Outcome, options: BreakerOptions): BreakerState {
  const { breaker, openings, servedAt } = state;
  const { run, era, verdict, retryAfterMs, failedAt, at: now, random } = outcome;
  const isOpen = breaker.state === 'open';
  // A run that fails again, while others are served, says nothing new. A probe is believed whichever run it was.
  const isNews = failedAt === 0 || servedAt <= failedAt || isOpen;
  const call = { era, verdict: isNews ? verdict : 'nothing', retryAfterMs, run } as const;
  const after = leave(breaker, call, { now, random, options });
  return {
    ...state,
    breaker: after,
    openings: openings + (!isOpen && after.state === 'open' ? 1 : 0),
    servedAt: verdict === 'healthy' ? Math.max(servedAt, now) : servedAt,
  };
}

/** Whether the lane that asks may let one call through. */
export function probe(state: BreakerState, now: number, until: number) {
  const isLost = state.breaker.isProbing && state.probeUntil <= now;
  const breaker = isLost ? { ...state.breaker, isProbing: false } : state.breaker;
  if (breaker.state === 'closed' || !mayPass(breaker, now))
    return { state: { ...state, breaker }, isGranted: false };
  return { state: { ...state, breaker: enter(breaker), probeUntil: until }, isGranted: true };
}

/** Somebody knows that the participant is well again: the next probe need not wait. */
export const hastenBreaker = (state: BreakerState, now: number): BreakerState => ({
  ...state,
  breaker: hasten(state.breaker, now),
});

export function viewBreaker(state: BreakerState) {
  const { breaker, openings } = state;
  const isOpen = breaker.state === 'open';
  return {
    breaker: breaker.isProbing ? ('probing' as const) : breaker.state,
    openedAt: isOpen ? breaker.since : null,
    /** While a probe is under way, when it is lost. */
    nextTryAt: isOpen ? toCopy(state).until : null,
    /** When it closed last; 0 while it is open. */
    healedAt: isOpen ? 0 : breaker.since,
    openings,
  };
}
export type BreakerView = ReturnType<typeof viewBreaker>;
