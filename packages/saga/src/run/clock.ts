/** Time as the engine knows it. Tests hand in a virtual one. */
export interface Clock {
  /** Milliseconds since the epoch; never goes back within one process. */
  now(): number;
  /** Calls `ring` once after `delayMs`, rounded down to an hour at most; returns how to call it off. */
  setTimer(delayMs: number, ring: () => void): () => void;
}

/** `setTimeout` fires at once beyond 24.8 days, so long waits are looked at again every hour. */
const timerMaxMs = 3_600_000;

/** The wall clock read once, then carried on by the monotonic clock: setting the wall clock moves no wait. */
export function createClock(): Clock {
  const origin = Date.now() - performance.now();
  return {
    now: () => Math.round(origin + performance.now()),
    setTimer(delayMs, ring) {
      const timer = setTimeout(ring, Math.min(delayMs, timerMaxMs));
      return () => clearTimeout(timer);
    },
  };
}
