/** A program that does what stdin tells it, for the test of logs that nobody reads. */
import { createInterface } from 'node:readline';
import { createLog } from './log.ts';

const log = createLog('stand-in', 'info');
const padding = '·'.repeat(100);
let n = 0;

createInterface({ input: process.stdin }).on('line', (line) => {
  const [what, count = '0', then] = line.split(' ');
  for (const end = n + Number(count); n < end; n += 1) log.info({ n, PADDING: padding }, 'a line');
  if (then === 'crash') throw new Error('planned');
  if (what === 'fail') {
    log.fatal({ n }, 'last words');
    process.exit(70);
  }
  if (what === 'end') process.exit(0);
  process.stdout.write('done\n');
});
