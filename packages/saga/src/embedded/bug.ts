/** Outside of whatever met it, so that an uncaught bug ends the process and breaks nothing before. */
export const throwAgain = (error: unknown): void =>
  queueMicrotask(() => {
    throw error;
  });
