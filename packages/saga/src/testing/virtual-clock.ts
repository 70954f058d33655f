import type { Clock } from '../run/clock.ts';

export interface VirtualClock extends Clock {
  /** Lets everything that is ready happen, then moves time to the next timer, until `isDone` or `untilMs` has passed. */
  run(isDone: () => boolean | Promise<boolean>, untilMs?: number): Promise<void>;
  /** Forgets all timers, as the end of a process does. */
  clear(): void;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly ring: () => void;
}

/** Time that passes only when nothing else is left to do: waits of minutes take none. */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  const timers = new Set<Timer>();
  let now = startMs;
  let count = 0;
  const takeNext = (): Timer | undefined => {
    const [next] = [...timers].sort((a, b) => a.at - b.at || a.order - b.order);
    if (next) timers.delete(next);
    return next;
  };
  return {
    now: () => now,
    setTimer(delayMs, ring) {
      const timer = { at: now + delayMs, order: count++, ring };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async run(isDone, untilMs = 3_600_000) {
      const end = now + untilMs;
      for (;;) {
        await settleReady();
        if (await isDone()) return;
        const next = takeNext();
        if (!next || next.at > end)
          throw new Error(
            `not done after ${untilMs} virtual ms${next ? '' : ': nothing is left to wait for'}`,
          );
        now = Math.max(now, next.at);
        next.ring();
      }
    },
    clear: () => timers.clear(),
  };
}

/** Several turns of the event loop: a commit needs one, and what follows from it another. */
async function settleReady(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
}
