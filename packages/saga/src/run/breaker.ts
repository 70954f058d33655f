/**
 * Whether a participant may be called at all. Pure: times and randomness are arguments. The lane keeps the queue.
 *
 * 1. Open, it lets nobody through until its time has come; then one probe at a time.
 * 2. A call from before the opening says nothing any more when it ends after the opening.
 */

import { checkFigures } from '../core/policy.ts';
import type { Reply } from '../core/reply.ts';

export interface BreakerOptions {
  /** It opens when this many runs failed, if they are also half of the latest ones. Default 5. */
  readonly failuresMin: number;
  /** How many of the latest runs count, at most; each by its latest call. Default 20. */
  readonly callsLookedAt: number;
  /** Older calls do not count; a breaker that opens again sooner waits longer than before. Default 30,000. */
  readonly windowMs: number;
  /** From the opening to the first probe; doubled after each probe that failed. Default 1,000. */
  readonly firstDelayMs: number;
  /** Default 30,000. */
  readonly delayMaxMs: number;
}

export const breakerDefaults: BreakerOptions = {
  failuresMin: 5,
  callsLookedAt: 20,
  windowMs: 30_000,
  firstDelayMs: 1_000,
  delayMaxMs: 30_000,
};

export function toBreakerOptions(given: Partial<BreakerOptions> = {}): BreakerOptions {
  const options = { ...breakerDefaults, ...given };
  checkFigures({ ...options }, 'breaker: ');
  return options;
}

/** `healthy`: the participant answered, if only to refuse or to blame the request. `failing`: it did not, or threw. `nothing`: not called. */
export type Verdict = 'healthy' | 'failing' | 'nothing';

/** To a client, a throw is a participant that does not answer. A call that this side broke off, `null`, says nothing. */
export function toVerdict(reply: Reply<unknown> | null): Verdict {
  if (reply === null) return 'nothing';
  if (reply.reply === 'ok' || reply.reply === 'refused') return 'healthy';
  return reply.reply === 'unknown' && reply.retriable === false ? 'healthy' : 'failing';
}

interface Outcome {
  readonly run: string | undefined;
  readonly at: number;
  readonly failed: boolean;
}
export interface Breaker {
  readonly state: 'closed' | 'open';
  /** In milliseconds since the epoch: when it opened, or closed again; 0 when it was never open. */
  readonly since: number;
  /** In a row, without a calm window between them. */
  readonly openings: number;
  /** Changes when it opens, probes, or closes: a call of an earlier era says nothing. */
  readonly era: number;
  /** Of the latest runs while it was closed. */
  readonly outcomes: readonly Outcome[];
  /** When the next probe may go; 0 while it is closed. */
  readonly until: number;
  readonly isProbing: boolean;
}

export const closedBreaker: Breaker = {
  state: 'closed',
  since: 0,
  openings: 0,
  era: 0,
  outcomes: [],
  until: 0,
  isProbing: false,
};

export interface Moment {
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
  readonly options: BreakerOptions;
}

export const mayPass = (breaker: Breaker, now: number): boolean =>
  !breaker.isProbing && now >= breaker.until;

/** Only for a caller that may pass, and that remembers the era. */
export const enter = (breaker: Breaker): Breaker =>
  breaker.state === 'open' ? { ...breaker, isProbing: true, era: breaker.era + 1 } : breaker;

interface Ended {
  /** The call's run: where calls fail for one run again and again, the run may be at fault. */
  readonly run?: string | undefined;
  readonly era: number;
  readonly verdict: Verdict;
  /** The participant's wish; bounded by the longest delay. */
  readonly retryAfterMs?: number | undefined;
}

/** A breaker that opens again soon waits longer than at first, but not as long as after many failed probes. */
const openingsKept = 2;

export function leave(breaker: Breaker, call: Ended, moment: Moment): Breaker {
  if (call.era !== breaker.era) return breaker;
  if (breaker.state === 'closed') return count(breaker, call, moment);
  if (call.verdict === 'nothing') return { ...breaker, isProbing: false };
  if (call.verdict === 'failing')
    return open({ ...breaker, openings: breaker.openings + 1 }, call, moment);
  const openings = Math.min(breaker.openings, openingsKept);
  return { ...closedBreaker, since: moment.now, openings, era: breaker.era + 1 };
}

export const hasten = (breaker: Breaker, now: number): Breaker =>
  breaker.state === 'open' ? { ...breaker, until: Math.min(breaker.until, now) } : breaker;

function count(breaker: Breaker, call: Ended, moment: Moment): Breaker {
  if (call.verdict === 'nothing') return breaker;
  const { now, options } = moment;
  const others = breaker.outcomes.filter(({ run }) => run === undefined || run !== call.run);
  const outcomes = [...others, { run: call.run, at: now, failed: call.verdict === 'failing' }]
    .filter(({ at }) => now - at < options.windowMs)
    .slice(-options.callsLookedAt);
  const failures = outcomes.filter(({ failed }) => failed).length;
  if (failures < options.failuresMin || failures * 2 < outcomes.length)
    return { ...breaker, outcomes };
  const isSoon = breaker.openings > 0 && now - breaker.since < options.windowMs;
  const openings = isSoon ? breaker.openings + 1 : 1;
  return open({ ...breaker, since: now, openings }, call, moment);
}

/** Half of the delay is random, so that several orchestrators do not probe together. */
function open(breaker: Breaker, call: Ended, { now, random, options }: Moment): Breaker {
  const ceiling = Math.min(options.delayMaxMs, options.firstDelayMs * 2 ** (breaker.openings - 1));
  const wishMs = Math.min(call.retryAfterMs ?? 0, options.delayMaxMs);
  const until = now + Math.max(Math.round(ceiling * (0.5 + random / 2)), wishMs);
  const era = breaker.era + 1;
  return { ...breaker, state: 'open', until, isProbing: false, era };
}
