/**
 * One app under a supervisor, from the app's folder: `node ../../scripts/supervise.ts src/main.ts [--instances 2] [--second NAME:PORT …]`.
 * It does not outlive its starters, which may die without passing a signal on.
 */
import { flushCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { watchStarters } from './starters.ts';
import { supervise } from './supervisor.ts';

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      instances: { type: 'string', default: '1' },
      second: { type: 'string', multiple: true },
    },
  });
  const supervisor = supervise({
    folder: process.cwd(),
    entry: positionals[0] ?? 'src/main.ts',
    count: Number(values.instances),
    seconds: values.second ?? [],
    env: process.env,
    print: (line) => void process.stdout.write(`${line}\n`),
  });
  const stop = (): void => void supervisor.stop().then(() => process.exit());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', stop);
  process.on('exit', supervisor.kill);
  watchStarters(stop);
  // The next start is quick and small, even if this process is killed.
  flushCompileCache();
}

main();
