/** How one step, or its undo, is tried. Every figure has a default, and every wait an upper bound. */
export interface Policy {
  /** How long one attempt may take, in milliseconds. Default 3,000. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<Retry>;
}

export interface Retry {
  /** Attempts that may fail before the step gives up; an undo that reaches it makes the run stuck, and goes on, ever more rarely. */
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  readonly factor: number;
  /** The longest wait between two of these attempts, `Retry-After` included. */
  readonly delayMaxMs: number;
  /** Time from the first recorded attempt until the step gives up. */
  readonly budgetMs: number;
}

export interface Tries extends Retry {
  readonly timeoutMs: number;
}

/** An attempt is a call that somebody waits for; what takes longer is asked for again later. */
const timeoutMaxMs = 600_000;

const shared = { timeoutMs: 3_000, firstDelayMs: 200, factor: 2 };
export const forwardDefaults: Tries = {
  ...shared,
  attemptsMax: 5,
  delayMaxMs: 5_000,
  budgetMs: 900_000,
};
export const undoDefaults: Tries = {
  ...shared,
  attemptsMax: 10,
  delayMaxMs: 30_000,
  budgetMs: Number.POSITIVE_INFINITY,
};
/** A later step holds the completion up for seconds at most; after that it is repaired beside it. */
export const laterDefaults: Tries = {
  ...shared,
  attemptsMax: 3,
  delayMaxMs: 30_000,
  budgetMs: 5_000,
};

export function toTries(policy: Policy, defaults: Tries): Tries {
  const tries = { ...defaults, ...policy.retry, timeoutMs: policy.timeoutMs ?? defaults.timeoutMs };
  for (const [name, value] of Object.entries(tries)) {
    if (!(value > 0)) throw new RangeError(`${name} must be above 0, not ${value}`);
  }
  if (tries.delayMaxMs === Number.POSITIVE_INFINITY)
    throw new RangeError(
      'delayMaxMs must have an end: the journal holds when the next attempt is due',
    );
  if (tries.timeoutMs > timeoutMaxMs)
    throw new RangeError(`timeoutMs must be ${timeoutMaxMs} at most, not ${tries.timeoutMs}`);
  return tries;
}

/** The longest wait of what goes on though the policy has no attempt left for it: ever more rarely, but for ever. */
export const endlessDelayMaxMs = 900_000;

/**
 * A `step` gives up some day. What is `endless`, an undo or a repair, never does: beyond the policy's attempts each wait
 * may be twice as long as the one before, so that what cannot be done writes no endless history. What is `exhausted`
 * begins that at the policy's longest delay.
 */
export type Patience = 'step' | 'endless' | 'exhausted';

/** Of one way, or of its undo. */
interface Misses {
  readonly failures: number;
  readonly unsents: number;
}

/** How long it may wait after these misses, at most. */
function toCeilingMs(tries: Tries, { failures, unsents }: Misses, patience: Patience): number {
  const { attemptsMax, firstDelayMs, factor, delayMaxMs } = tries;
  const misses = failures + unsents;
  const beyond = patience === 'step' ? 0 : Math.max(0, misses - attemptsMax);
  const grownMs = firstDelayMs * factor ** Math.max(0, misses - beyond - 1);
  const fromMs = patience === 'exhausted' ? delayMaxMs : Math.max(1, Math.min(delayMaxMs, grownMs));
  return Math.min(Math.max(delayMaxMs, endlessDelayMaxMs), fromMs * 2 ** beyond);
}

/** No wait after these misses is longer, whatever the participant wishes. */
export const toLongestMs = (tries: Tries, misses: Misses, patience: Patience): number =>
  Math.max(tries.delayMaxMs, toCeilingMs(tries, misses, patience));

interface Wish {
  readonly patience: Patience;
  /** The participant's; the policy's longest delay bounds it. */
  readonly retryAfterMs: number;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * Full jitter: anywhere up to the ceiling, so that those who failed together do not come back together. Never none: a
 * retry without an end must let go of its place.
 */
export function toDelayMs(
  tries: Tries,
  misses: Misses,
  { patience, retryAfterMs, random }: Wish,
): number {
  const jitteredMs = Math.round(random * toCeilingMs(tries, misses, patience));
  return Math.max(1, jitteredMs, Math.min(retryAfterMs, tries.delayMaxMs));
}
