/** How one step, or its undo, is tried. Every figure has a default, and every wait an upper bound. */
export interface Policy {
  /** How long one attempt may take, in milliseconds. Default 3,000. */
  readonly timeoutMs?: number;
  readonly retry?: Partial<Retry>;
}

export interface Retry {
  /** Attempts that may fail before the step gives up; an undo that reaches it makes the run stuck, and goes on. */
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  readonly factor: number;
  /** The longest wait between two attempts, `Retry-After` included. */
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

/**
 * Full jitter: anywhere up to the whole of the current step of the back-off, so that those who failed together do not
 * come back together. Never none: a retry without an end must let go of its place. `random` is in [0, 1).
 */
export function toDelayMs(
  tries: Tries,
  failures: number,
  retryAfterMs: number,
  random: number,
): number {
  const ceiling = Math.min(
    tries.delayMaxMs,
    tries.firstDelayMs * tries.factor ** Math.max(0, failures - 1),
  );
  return Math.max(1, Math.round(random * ceiling), Math.min(retryAfterMs, tries.delayMaxMs));
}
