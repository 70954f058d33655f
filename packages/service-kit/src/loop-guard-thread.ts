/** The thread of `loop-guard.ts`: it goes on looking while the loop that it watches is blocked. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { Watched } from './loop-guard.ts';

const stderr = 2;
const { beats, tickMs, silentMax }: Watched = workerData;
let last = Atomics.load(beats, 0);
let silent = 0;

function endProcess(): void {
  const seconds = (silent * tickMs) / 1_000;
  try {
    // Not through the streams, which belong to the blocked thread.
    writeSync(stderr, `the event loop was blocked for ${seconds} s, so this process ends\n`);
  } finally {
    process.kill(process.pid, 'SIGALRM');
  }
}

setInterval(() => {
  const now = Atomics.load(beats, 0);
  silent = now === last ? silent + 1 : 0;
  last = now;
  if (silent >= silentMax) endProcess();
}, tickMs);
