/**
 * `npm run dev`, `npx turbo dev`: every app under a supervisor, and a Jaeger if there is one, until a signal ends it.
 * Jaeger starts first and ends last, so that the apps know its address and it gets all their spans.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { listedParticipants, orchestratorPort, participantPrograms } from '@baton/contracts';
import { toOneLine } from '@baton/telemetry/one-line';
import { readCommandLine } from './command-line.ts';
import { readFirstPort, runOnPorts, toPortsEnv } from './dev-ports.ts';
import { pickFreePorts, usualPorts } from './jaeger/jaeger-ports.ts';
import { type JaegerAccess, openJaeger } from './jaeger.ts';
import { watchStarters } from './starters.ts';
import { type Supervised, supervise } from './supervisor.ts';

const programs = listedParticipants.length + 1;
const usageText = `npm run dev   every app, a standby orchestrator, and a Jaeger if there is one; Ctrl-C stops them

PORT        the first of some ports in a row; ${orchestratorPort} unless it is set; 0: any that are free
DATA_DIR    where all is kept; .data unless it is set
JAEGER_BIN  the Jaeger to start; none: without one`;

const root = resolve(import.meta.dirname, '..');

const dataDir = resolve(root, process.env.DATA_DIR || '.data');
const isOnCluster = process.env.SAGA_HOST === 'restate';
/** A journal has one active orchestrator. On a cluster all are active, and each needs its own port. */
const hasStandby = !isOnCluster || existsSync(join(dataDir, 'orchestrator/journal.sqlite'));

/** Further arguments of each app's supervisor: a standby, or further instances of the program. */
const supervised: readonly (readonly [app: string, Pick<Supervised, 'count' | 'seconds'>])[] = [
  ['orchestrator', { count: hasStandby ? 2 : 1, seconds: [] }],
  ...participantPrograms.map((program) => {
    const others = listedParticipants.filter(
      (listed) => listed.program === program && listed.name !== program,
    );
    const seconds = others.map(({ name, port }) => `${name}:${port}`);
    return [program, { count: 1, seconds }] as const;
  }),
];

interface Whereabouts {
  readonly jaeger: JaegerAccess;
  readonly firstPort: number;
}

function toAppsEnv({ jaeger, firstPort }: Whereabouts): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...jaeger.env,
    ...toPortsEnv(firstPort, process.env),
    // One port cannot serve all apps: each takes its own.
    PORT: '',
  };
}

/** Says once, when every app has printed its address, what to do now. */
function createGuide({ jaeger, firstPort }: Whereabouts): (line: string) => void {
  const tracesUrl = jaeger.env.JAEGER_UI_URL;
  const beside = [
    ...(hasStandby ? ['a standby orchestrator'] : []),
    ...(isOnCluster ? ['a Restate cluster'] : []),
    ...(jaeger.isOwn ? ['Jaeger'] : []),
  ].join(' and ');
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
    const data = relative(root, dataDir);
    console.log(
      `\nAll ${programs} are up, with ${beside}: every route at ${addresses.get('orchestrator')}/docs, a first order in README.md${instead}.`,
    );
    console.log(`Open ${addresses.get('orchestrator')}/ to watch orders, and to break things.`);
    if (tracesUrl) console.log(`Every order's trace: ${tracesUrl}, or links.trace in its answer.`);
    const reset = isOnCluster ? 'remove it to begin anew' : 'npm run reset empties it';
    console.log(`Data in ${data}; ${reset}. Ctrl-C stops everything.\n`);
  };
}

/** Builds the page in a process of its own, as the build changes NODE_ENV. Without a page the rest runs all the same. */
function buildConsole(): void {
  try {
    execFileSync(process.execPath, [join(root, 'apps/console/build.ts')], { stdio: 'inherit' });
  } catch {
    console.error('The page was not built; what is above says why.');
  }
}

async function main(): Promise<void> {
  const firstPort = await readFirstPort(process.env.PORT);
  const gaveUp = new AbortController();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  void stopped.then(() => gaveUp.abort());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
  process.stdout.on('error', () => stop());
  watchStarters(stop);
  const jaeger = await openJaeger({
    env: process.env,
    ports: process.env.PORT === '0' ? await pickFreePorts() : usualPorts,
    signal: gaveUp.signal,
    say: (line) => console.log(line),
  });
  buildConsole();
  const guide = createGuide({ jaeger, firstPort });
  const env = toAppsEnv({ jaeger, firstPort });
  function print(line: string): void {
    process.stdout.write(`${toOneLine(line)}\n`);
    guide(line);
  }
  const supervisors = gaveUp.signal.aborted
    ? []
    : supervised.map(([app, more]) =>
        supervise({ folder: join(root, 'apps', app), entry: 'src/main.ts', ...more, env, print }),
      );
  process.on('exit', () => {
    for (const supervisor of supervisors) supervisor.kill();
  });
  await stopped;
  await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
  await jaeger.stop();
  process.exit(0);
}

readCommandLine(usageText, {});
await runOnPorts(main);
