/** Work that is asked for faster than it can be done: it runs once at a time, and once more for all requests meanwhile. */
export function coalesced(work: () => Promise<void>): () => void {
  let isWanted = false;
  let isDone = true;
  async function doAll(): Promise<void> {
    isDone = false;
    while (isWanted) {
      isWanted = false;
      await work();
    }
    isDone = true;
  }
  return () => {
    isWanted = true;
    if (isDone) void doAll();
  };
}
