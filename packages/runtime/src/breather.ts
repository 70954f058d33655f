/** Longer than this nobody else is kept waiting: calls have time-outs, and a blocked loop ends its process. */
const turnMs = 5;

/** To be awaited between two pieces of work: after a few milliseconds of it, others have their turn. */
export function createBreather(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < turnMs) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
