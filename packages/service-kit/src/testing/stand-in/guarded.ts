/** A guarded process for the tests: it freezes or blocks its loop for as long as stdin says, and says when it begins and ends. */
import { createInterface } from 'node:readline';
import { guardLoop } from '../../loop-guard.ts';

const nobodyWakes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const stopGuard = guardLoop(Number(process.argv[2]));

createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write('told\n');
  const [what, ms] = line.split(' ');
  if (what === 'stop') stopGuard();
  if (what === 'freeze') process.kill(process.pid, 'SIGSTOP');
  if (ms !== undefined) Atomics.wait(nobodyWakes, 0, 0, Number(ms));
  process.stdout.write('done\n');
});
process.stdout.write('ready\n');
