// `npm run dev`: every app under turbo, without turbo's own announcements, and a Jaeger if there is one, until a
// signal ends it. Jaeger comes first and goes last, so that the apps know where it is and it hears all they say.
//
// Turbo leaves SIGINT to the terminal, which sends it to a whole process group; from anything else (an editor, a
// test) it reaches npm alone, and nothing would end. So turbo has a group of its own here, and is told to stop by
// one signal, once, whoever asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { readCommandLine } from './command-line.ts';
import { BadPort, readFirstPort, toPortsEnv } from './dev-ports.ts';
import { pickFreePorts, usualPorts } from './jaeger/jaeger-ports.ts';
import { type JaegerAccess, openJaeger } from './jaeger.ts';

/** Longer than a supervisor gives its child; after it, supervisors end by themselves as turbo is gone. */
const STOP_LONGEST_MS = 5_000;
/** Five apps, and payment-service once more as the alternate provider. */
const PROGRAMS = 6;
const USAGE = `npm run dev   every app, a standby orchestrator, and a Jaeger if there is one; Ctrl-C stops them

PORT        the first of six ports in a row; 4000 unless it is set; 0: six that are free
DATA_DIR    where all is kept; .data unless it is set
JAEGER_BIN  the Jaeger to start; none: without one`;
const ANNOUNCEMENT = /^( +• |cache bypass, force executing |$)/;

const root = resolve(import.meta.dirname, '..');
let stopping = false;

function startTurbo(jaeger: JaegerAccess, firstPort: number | undefined): ChildProcess {
  const args = ['dev', '--filter=./apps/*', '--log-prefix=none'];
  return spawn('turbo', args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...jaeger.env,
      ...toPortsEnv(firstPort, process.env),
      // One port cannot serve five apps: each takes its own.
      PORT: '',
      DO_NOT_TRACK: '1',
      // Each app's npm would announce its script.
      npm_config_loglevel: 'silent',
      // A process that needs not compile TypeScript starts sooner and is 14 MB smaller.
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
    },
  });
}

function pass(
  from: Readable | null,
  to: NodeJS.WritableStream,
  guide: (line: string) => void,
): void {
  if (!from) return;
  createInterface({ input: from }).on('line', (line) => {
    // Turbo's summary of a run that was stopped on purpose speaks of failures.
    if (stopping || ANNOUNCEMENT.test(line)) return;
    to.write(`${line}\n`);
    guide(line);
  });
}

interface Whereabouts {
  readonly jaeger: JaegerAccess;
  readonly firstPort: number | undefined;
}

/** Says once, when every app has said where it is, what to do now. */
function createGuide({ jaeger, firstPort }: Whereabouts): (line: string) => void {
  const tracesUrl = jaeger.env.JAEGER_UI_URL;
  const beside = jaeger.isOwn ? 'a standby orchestrator and Jaeger' : 'a standby orchestrator';
  const instead = firstPort === undefined ? '' : `, with ${firstPort} in place of 4000`;
  const addresses = new Map<string, string>();
  let isTold = false;
  return (line) => {
    const [, app, address] = /^(\S+).* (http:\/\/localhost:\d+)$/.exec(line) ?? [];
    if (!app || !address) return;
    addresses.set(app, address);
    if (isTold || addresses.size < PROGRAMS) return;
    isTold = true;
    const data = relative(root, resolve(root, process.env.DATA_DIR || '.data'));
    console.log(
      `\nAll ${PROGRAMS} are up, with ${beside}: every route at ${addresses.get('orchestrator')}/docs, a first order in README.md${instead}.`,
    );
    if (tracesUrl) console.log(`Every order's trace: ${tracesUrl}, or links.trace in its answer.`);
    console.log(`Data in ${data}; npm run reset empties it. Ctrl-C stops everything.\n`);
  };
}

async function main(): Promise<void> {
  const firstPort = await readFirstPort(process.env.PORT);
  const gaveUp = new AbortController();
  let turbo: ChildProcess | undefined;
  function stop(): void {
    if (stopping) return;
    stopping = true;
    gaveUp.abort();
    turbo?.kill('SIGTERM');
    setTimeout(() => turbo?.kill('SIGKILL'), STOP_LONGEST_MS);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', stop);
  const jaeger = await openJaeger({
    env: process.env,
    ports: process.env.PORT === '0' ? await pickFreePorts() : usualPorts,
    signal: gaveUp.signal,
    say: (line) => console.log(line),
  });
  async function end(code: number): Promise<void> {
    await jaeger.stop();
    process.exit(code);
  }
  if (stopping) return await end(0);
  turbo = startTurbo(jaeger, firstPort);
  const guide = createGuide({ jaeger, firstPort });
  pass(turbo.stdout, process.stdout, guide);
  pass(turbo.stderr, process.stderr, () => {});
  turbo.on('error', (error) => {
    console.error(`turbo did not start: ${error.message}; run npm install`);
    void end(1);
  });
  turbo.on('exit', (code) => end(stopping ? 0 : (code ?? 1)));
}

readCommandLine(USAGE, {});
try {
  await main();
} catch (error) {
  if (!(error instanceof BadPort)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
