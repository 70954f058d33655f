/** How one step, or its undo, is tried. Every figure has a default, and every wait an upper bound. */
export interface Policy {
  /** How long one attempt may take, in milliseconds. Default 3,000. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<Retry>;
}

export interface Retry {
  /** Attempts that may fail before the step gives up; an undo that reaches it makes the run stuck, and is tried ever more rarely. */
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  readonly factor: number;
  /** The longest wait between two of these attempts, `Retry-After` included. */
  readonly delayMaxMs: number;
  /** Time from the first recorded attempt, or the start of the process if that is later, until the step gives up. */
  readonly budgetMs: number;
}

export interface Tries extends Retry {
  readonly timeoutMs: number;
}

/** The engine waits for an attempt; an operation that takes longer is asked for again later. */
const timeoutMaxMs = 600_000;

const shared = { timeoutMs: 3_000, firstDelayMs: 200, factor: 2 };
export const triesDefaults = {
  forward: { ...shared, attemptsMax: 5, delayMaxMs: 5_000, budgetMs: 900_000 },
  undo: { ...shared, attemptsMax: 10, delayMaxMs: 30_000, budgetMs: Number.POSITIVE_INFINITY },
  /** A step after the pivot holds the completion up for seconds at most; then it is deferred. */
  later: { ...shared, attemptsMax: 3, delayMaxMs: 30_000, budgetMs: 5_000 },
} satisfies Record<string, Tries>;

/** Throws a RangeError that names the figure. Plain JavaScript may pass a text that looks like a number. */
export function checkFigures(figures: Readonly<Record<string, unknown>>, of = ''): void {
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === 'number' && value > 0) continue;
    throw new RangeError(`${of}${name} must be above 0, not ${value}`);
  }
  if (figures.delayMaxMs === Number.POSITIVE_INFINITY)
    throw new RangeError(`${of}delayMaxMs must have an end: there is a next attempt some day`);
}

export function toTries(policy: Policy, defaults: Tries): Tries {
  const tries = { ...defaults, ...policy.retry, timeoutMs: policy.timeoutMs ?? defaults.timeoutMs };
  checkFigures(tries);
  if (tries.timeoutMs > timeoutMaxMs)
    throw new RangeError(`timeoutMs must be ${timeoutMaxMs} at most, not ${tries.timeoutMs}`);
  // The journal counts whole milliseconds.
  return { ...tries, budgetMs: Math.ceil(tries.budgetMs) };
}

/** The longest wait of an undo or repair that the policy has no attempt left for: ever more rarely, but for ever. */
export const endlessDelayMaxMs = 900_000;

/**
 * A `step` gives up some day. An `endless` undo or repair never does: beyond the policy's attempts each wait may be twice
 * as long as the last one, so that a hopeless undo writes no endless history. An `exhausted` one begins that at the
 * policy's longest delay.
 */
export type Patience = 'step' | 'endless' | 'exhausted';

interface Misses {
  readonly failures: number;
  readonly unsents: number;
}

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
  /** The participant's wish; the policy's longest delay bounds it. */
  readonly retryAfterMs: number;
  /** In [0, 1). */
  readonly random: number;
}

/** Full jitter, so that runs that failed together do not come back together. Never 0: a retry lets go of its slot. */
export function toDelayMs(tries: Tries, misses: Misses, wish: Wish): number {
  const jitteredMs = Math.round(wish.random * toCeilingMs(tries, misses, wish.patience));
  return Math.max(1, jitteredMs, Math.ceil(Math.min(wish.retryAfterMs, tries.delayMaxMs)));
}
