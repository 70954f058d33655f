/**
 * Ends a process whose event loop has been blocked too long, so that another may take over: a lock is never stolen
 * from a process that lives, and one that is blocked cannot let go of it by itself.
 *
 * 1. Blocked is counted in the guard's own ticks, never in time that went by: a process that was frozen (SIGSTOP, a
 *    machine that slept) finds its clock far ahead when it wakes, and has missed nothing.
 * 2. It ends as with kill -9: whatever is gentler waits for the loop. The signal is another, SIGALRM, so that a
 *    supervisor can tell that nobody else sent it. In a container the process needs an init above it (`init: true`), as
 *    the kernel keeps a process 1 from killing itself.
 */
import { Worker } from 'node:worker_threads';

/** What the thread is given. One word of memory that both see counts how often the loop came round. */
export interface Watched {
  readonly beats: Int32Array<SharedArrayBuffer>;
  readonly tickMs: number;
  /** So many ticks in a row without a beat are the end. */
  readonly silentMax: number;
}

/** Few enough to cost nothing, and so many that one late beat is not taken for a blocked loop. */
const silentMax = 10;

/** Never keeps the process alive by itself. The function that it returns stops it. */
export function guardLoop(blockedMaxMs: number): () => void {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const tickMs = Math.ceil(blockedMaxMs / silentMax);
  const beating = setInterval(() => Atomics.add(beats, 0, 1), Math.ceil(tickMs / 2)).unref();
  const workerData: Watched = { beats, tickMs, silentMax: silentMax };
  const thread = new Worker(new URL('./loop-guard-thread.ts', import.meta.url), { workerData });
  thread.unref();
  return () => {
    clearInterval(beating);
    void thread.terminate();
  };
}
