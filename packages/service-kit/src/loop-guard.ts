/**
 * Ends a process whose event loop has been blocked too long, so that the standby takes over: a lock is never stolen
 * from a process that lives, and a blocked process cannot let go of it.
 *
 * 1. Blocked is counted in the guard's own ticks, never in time that went by: a process that was frozen (SIGSTOP, a
 *    machine that slept) finds its clock far ahead when it wakes, and has missed nothing.
 * 2. The process ends as with kill -9: every gentler end waits for the loop. The signal is SIGALRM, so that a
 *    supervisor can tell who sent it. In a container the process needs an init above it (`init: true`), as
 *    the kernel keeps a process 1 from killing itself.
 */
import { Worker } from 'node:worker_threads';

/** The thread's input. One word of shared memory counts the loop's turns. */
export interface Watched {
  readonly beats: Int32Array<SharedArrayBuffer>;
  readonly tickMs: number;
  /** Ticks in a row without a beat that end the process. */
  readonly silentMax: number;
}

/** Few enough to cost nothing, and enough that one late beat does not count as a blocked loop. */
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
