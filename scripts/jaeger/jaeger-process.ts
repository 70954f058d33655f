/**
 * A Jaeger of our own, as a process or a container.
 *
 * 1. It does not outlive us, not even when we are killed: a guard beside it waits for the end of its own input,
 *    which is a pipe from here and closed by the system, and tells it to end. Jaeger would not notice by itself.
 * 2. It has a process group of its own, so that Ctrl-C reaches us alone, and processes that still export end before it.
 * 3. It is up when it answers on both ports; its output is shown only when it never was.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { addThrift, type JaegerPorts, readOccupant } from './jaeger-ports.ts';
import type { JaegerProgram } from './jaeger-source.ts';

const pollMs = 50;
const startLongestMs = 20_000;
/** The first time, Docker fetches the image. */
const dockerStartLongestMs = 300_000;
const dockerAnswerLongestMs = 3_000;
const stopLongestMs = 3_000;
const saidCharactersMax = 2_000;

const image = 'jaegertracing/jaeger:2.20.0';
const config = join(import.meta.dirname, 'jaeger.yaml');

/** The shell becomes the program, so `$$` is its process. */
const guarded =
  'exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec "$0" "$@" 3<&- </dev/null 2>&1';

export interface Jaeger {
  /** The address for spans. */
  readonly otlpUrl: string;
  /** The web page, and the query API below it. */
  readonly uiUrl: string;
  /** Resolves with the reason, if it ended unasked. */
  readonly ended: Promise<string>;
  /** Resolves when its ports are free. */
  stop(): Promise<void>;
}

export type JaegerLaunch =
  | { readonly ok: true; readonly jaeger: Jaeger }
  | { readonly ok: false; readonly why: string };

export const toUrls = ({ otlp, query }: JaegerPorts): Pick<Jaeger, 'otlpUrl' | 'uiUrl'> => ({
  otlpUrl: `http://127.0.0.1:${otlp}`,
  uiUrl: `http://localhost:${query}`,
});

/** Whether Docker's engine answers; a slow one is of no use either. */
export const hasDocker = (): Promise<boolean> =>
  new Promise((resolve) => {
    const command = ['info', '--format', '{{.ServerVersion}}'];
    execFile('docker', command, { timeout: dockerAnswerLongestMs }, (error) => resolve(!error));
  });

/** Resolves when Jaeger answers, or never will. An aborted launch leaves nothing behind. */
export async function launchJaeger(
  program: JaegerProgram,
  ports: JaegerPorts,
  signal?: AbortSignal,
): Promise<JaegerLaunch> {
  const { ended, stop, gone, readSaid } = run(program, await addThrift(ports));
  const limitMs = program.kind === 'docker' ? dockerStartLongestMs : startLongestMs;
  const isOver = AbortSignal.any([AbortSignal.timeout(limitMs), gone, ...(signal ? [signal] : [])]);
  if (await isUp(ports, isOver)) return { ok: true, jaeger: { ...toUrls(ports), ended, stop } };
  const how = gone.aborted ? `ended with ${gone.reason}` : `gave no answer in ${limitMs / 1_000} s`;
  await stop();
  return { ok: false, why: `${how}${toQuote(readSaid())}` };
}

async function isUp(ports: JaegerPorts, isOver: AbortSignal): Promise<boolean> {
  while (!isOver.aborted) {
    const { kind } = await readOccupant(ports);
    // If ours is gone, this Jaeger is another program's.
    if (kind === 'jaeger') return !isOver.aborted;
    await delay(pollMs);
  }
  return false;
}

const toQuote = (said: string): string => (said.trim() ? `; it said:\n${said.trim()}` : '');

function run(program: JaegerProgram, ports: Required<JaegerPorts>) {
  const name = `baton-jaeger-${process.pid}-${ports.otlp}`;
  const child = spawn('sh', ['-c', guarded, ...toCommand(program, ports, name)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...process.env,
      JAEGER_OTLP_PORT: String(ports.otlp),
      JAEGER_QUERY_PORT: String(ports.query),
      JAEGER_THRIFT_PORT: String(ports.thrift),
    },
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-saidCharactersMax);
  });
  const gone = new AbortController();
  const ended = Promise.withResolvers<string>();
  let isAsked = false;
  child.once('exit', (code, signal) => {
    killGroup(child); // The guard would wait for our own end.
    const how = signal ?? `exit code ${code}`;
    if (!isAsked) ended.resolve(how);
    gone.abort(how);
  });
  async function stop(): Promise<void> {
    isAsked = true;
    if (gone.signal.aborted) return;
    child.kill('SIGTERM');
    const lastResort = setTimeout(() => end(child, program, name), stopLongestMs);
    await new Promise((resolve) => gone.signal.addEventListener('abort', resolve));
    clearTimeout(lastResort);
  }
  return { ended: ended.promise, stop, gone: gone.signal, readSaid: () => said };
}

/** Docker's client passes signals on to the container. */
function toCommand(
  program: JaegerProgram,
  { otlp, query, thrift }: Required<JaegerPorts>,
  name: string,
): string[] {
  if (program.kind === 'program') return [program.file, '--config', config];
  const published = ['-p', `127.0.0.1:${otlp}:4318`, '-p', `127.0.0.1:${query}:16686`];
  published.push('-p', `127.0.0.1:${thrift}:14268`);
  return ['docker', 'run', '--rm', '--name', name, ...published, image];
}

function end(child: ChildProcess, program: JaegerProgram, name: string): void {
  if (program.kind === 'program') killGroup(child);
  else execFile('docker', ['rm', '--force', name], () => killGroup(child));
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is empty.
  }
}
