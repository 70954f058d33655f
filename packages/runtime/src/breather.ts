/** Other work waits no longer than this: calls have time-outs, and a blocked loop ends its process. */
const turnMs = 5;

/** Await it between two pieces of work: after a few milliseconds, other work has its turn. */
export function createBreather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < turnMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
