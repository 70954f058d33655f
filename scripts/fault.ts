/** `npm run fault`: faults from the command line, also while nothing runs. */
import { toOneLine } from '@baton/telemetry/one-line';
import { runFault, Slip } from './fault-command.ts';

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

try {
  await runFault({
    args: process.argv.slice(2),
    env: process.env,
    say: (text) => console.log(text.split('\n').map(toOneLine).join('\n')),
    stopped: stopped.signal,
  });
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const isTold =
    error instanceof Slip ||
    ['UnreadableFaults', 'UnusableFaults', 'StartupProblem'].includes(error.name);
  if (!isTold) throw error;
  const remedy = error.name === 'UnreadableFaults' ? '; npm run fault -- off empties it' : '';
  console.error(toOneLine(`${error.message}${remedy}`));
  process.exitCode = 1;
}
