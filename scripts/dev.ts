/**
 * `npm run dev`, `npx turbo dev`: every app under a supervisor, and a Jaeger if there is one, until a signal ends it.
 * Jaeger comes first and goes last, so that the apps know where it is and it hears all they say.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { listedParticipants, orchestratorPort, participantPrograms } from '@baton/contracts';
import { readCommandLine } from './command-line.ts';
import { BadPort, readFirstPort, toPortsEnv } from './dev-ports.ts';
import { pickFreePorts, usualPorts } from './jaeger/jaeger-ports.ts';
import { type JaegerAccess, openJaeger } from './jaeger.ts';

/** Longer than a supervisor gives its children. */
const stopLongestMs = 5_000;
const programs = listedParticipants.length + 1;
const usageText = `npm run dev   every app, a standby orchestrator, and a Jaeger if there is one; Ctrl-C stops them

PORT        the first of some ports in a row; ${orchestratorPort} unless it is set; 0: any that are free
DATA_DIR    where all is kept; .data unless it is set
JAEGER_BIN  the Jaeger to start; none: without one`;

const root = resolve(import.meta.dirname, '..');
let stopping = false;

/** What each app's supervisor is told besides: a standby, or further instances of the program. */
const supervised: readonly (readonly [app: string, args: readonly string[]])[] = [
  ['orchestrator', ['--instances', '2']],
  ...participantPrograms.map((program) => {
    const others = listedParticipants.filter(
      (listed) => listed.program === program && listed.name !== program,
    );
    return [program, others.flatMap(({ name, port }) => ['--second', `${name}:${port}`])] as const;
  }),
];

interface Whereabouts {
  readonly jaeger: JaegerAccess;
  readonly firstPort: number;
}

function startApps({ jaeger, firstPort }: Whereabouts): readonly ChildProcess[] {
  const env = {
    ...process.env,
    ...jaeger.env,
    ...toPortsEnv(firstPort, process.env),
    // One port cannot serve them all: each takes its own.
    PORT: '',
    // A process that needs not compile TypeScript starts sooner and is 14 MB smaller.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
  };
  return supervised.map(([app, args]) =>
    spawn(process.execPath, [join(root, 'scripts/supervise.ts'), 'src/main.ts', ...args], {
      cwd: join(root, 'apps', app),
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    }),
  );
}

/** Says once, when every app has said where it is, what to do now. */
function createGuide({ jaeger, firstPort }: Whereabouts): (line: string) => void {
  const tracesUrl = jaeger.env.JAEGER_UI_URL;
  const beside = jaeger.isOwn ? 'a standby orchestrator and Jaeger' : 'a standby orchestrator';
  const instead =
    firstPort === orchestratorPort ? '' : `, with ${firstPort} in place of ${orchestratorPort}`;
  const addresses = new Map<string, string>();
  let isTold = false;
  return (line) => {
    const [, app, address] = /^(\S+).* (http:\/\/localhost:\d+)$/.exec(line) ?? [];
    if (!app || !address) return;
    addresses.set(app, address);
    if (isTold || addresses.size < programs) return;
    isTold = true;
    const data = relative(root, resolve(root, process.env.DATA_DIR || '.data'));
    console.log(
      `\nAll ${programs} are up, with ${beside}: every route at ${addresses.get('orchestrator')}/docs, a first order in README.md${instead}.`,
    );
    if (tracesUrl) console.log(`Every order's trace: ${tracesUrl}, or links.trace in its answer.`);
    console.log(`Data in ${data}; npm run reset empties it. Ctrl-C stops everything.\n`);
  };
}

/** Resolves when every app's supervisor has ended. */
async function runApps(apps: readonly ChildProcess[], guide: (line: string) => void) {
  for (const app of apps) {
    if (!app.stdout) continue;
    createInterface({ input: app.stdout }).on('line', (line) => {
      process.stdout.write(`${line}\n`);
      guide(line);
    });
  }
  await Promise.all(apps.map((app) => once(app, 'exit')));
}

async function main(): Promise<void> {
  const firstPort = await readFirstPort(process.env.PORT);
  const gaveUp = new AbortController();
  let apps: readonly ChildProcess[] = [];
  const signalAll = (signal: NodeJS.Signals): void => {
    for (const app of apps) app.kill(signal);
  };
  function stop(): void {
    if (stopping) return;
    stopping = true;
    gaveUp.abort();
    signalAll('SIGTERM');
    setTimeout(() => signalAll('SIGKILL'), stopLongestMs).unref();
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', stop);
  const jaeger = await openJaeger({
    env: process.env,
    ports: process.env.PORT === '0' ? await pickFreePorts() : usualPorts,
    signal: gaveUp.signal,
    say: (line) => console.log(line),
  });
  if (!stopping) {
    apps = startApps({ jaeger, firstPort });
    await runApps(apps, createGuide({ jaeger, firstPort }));
  }
  await jaeger.stop();
  process.exit(stopping ? 0 : 1);
}

readCommandLine(usageText, {});
try {
  await main();
} catch (error) {
  if (!(error instanceof BadPort)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
