/** The orchestrator and all participants as real processes on free ports, in a folder of their own: tests kill, stop and restart them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findParticipant, listedParticipants, type ParticipantName } from '@baton/contracts';

/** An app, or a second instance of one. */
export type AppName = ParticipantName | 'orchestrator';

/** Of each app. */
export const appNames: readonly AppName[] = [
  'orchestrator',
  ...listedParticipants.flatMap(({ name, program }) => (name === program ? [name] : [])),
];

export interface App {
  readonly name: AppName;
  readonly port: number;
  readonly pid: number;
  /** Ends the process as a power cut does. Resolves when it is gone. */
  kill(): Promise<void>;
  /** As a supervisor stops it. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly dataDir: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another build: a whole tree, as `copyTree` makes one. */
  readonly tree?: string;
  /** Its files grow to so many blocks of 512 bytes at most, as on a full disk. */
  readonly fileBlocksMax?: number;
}

/** The shell becomes the program, so that signals reach it. */
const toCommand = (fileBlocksMax?: number): [command: string, args: string[]] =>
  fileBlocksMax === undefined
    ? [process.execPath, ['src/main.ts']]
    : ['sh', ['-c', `ulimit -f ${fileBlocksMax}; exec "$0" src/main.ts`, process.execPath]];

/** A process that is spawned and not yet ready, such as a waiting standby. */
export interface Starting {
  readonly ready: Promise<App>;
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
}

export interface Ended {
  /** Null after a signal. */
  readonly code: number | null;
  /** On stderr. */
  readonly said: string;
}

const ownTree = fileURLToPath(new URL('../..', import.meta.url));

export function start(name: AppName, options: StartOptions): Starting {
  const { dataDir, port = 0, env = {}, fileBlocksMax } = options;
  const app = findParticipant(name)?.program ?? name;
  const folder = join(options.tree ?? ownTree, 'apps', app);
  const child = spawn(...toCommand(fileBlocksMax), {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PLACE_ORDER_VERSION: process.env.PLACE_ORDER_VERSION,
      DATA_DIR: dataDir,
      PORT: String(port),
      LOG_LEVEL: 'error',
      BATON_SUPERVISED: '1',
      ...readTraceEnv(process.env),
      ...(app !== name && { STORE_NAME: name }),
      ...env,
    },
  });
  const ended = readEnd(child);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const failed = ended.then(({ code, said }) => {
    throw new Error(`${name} ended with ${code}: ${said}`);
  });
  const ready = Promise.race([readPort(child), failed]).then((readyPort) => ({
    name,
    port: readyPort,
    pid: child.pid ?? 0,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }));
  // A process that is killed while it waits never becomes ready, and nobody need hear of it.
  ready.catch(() => {});
  return { ready, ended, signal: (signal) => child.kill(signal), kill: () => end('SIGKILL') };
}

/** The programs' spans go where this process's spans go. */
const readTraceEnv = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'JAEGER_UI_URL'].flatMap((name) =>
      env[name] ? [[name, env[name]]] : [],
    ),
  );

function readEnd(child: ChildProcess): Promise<Ended> {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, said })));
}

/** Of the ready line. */
function readPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    const lines = child.stdout && createInterface({ input: child.stdout });
    lines?.on('line', (line) => {
      const port = /"ready":true.*"port":(\d+)/.exec(line)?.[1];
      if (port) resolve(Number(port));
    });
  });
}

export interface System {
  readonly apps: Map<AppName, App>;
  readonly orchestratorEnv: Readonly<Record<string, string>>;
  /** Kills all processes. */
  stop(): Promise<void>;
  /** Lets all processes end in order. */
  end(): Promise<void>;
}

/** Starts all; a restarted process takes its old port. The participants get `participantEnv`. */
export async function startSystem(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  participantEnv: Readonly<Record<string, string>> = {},
): Promise<System> {
  const apps = new Map<AppName, App>();
  const started = listedParticipants.map(
    ({ name }) => start(name, { dataDir, env: participantEnv }).ready,
  );
  for (const app of await Promise.all(started)) apps.set(app.name, app);
  const cluster = await openCluster(dataDir, env);
  const orchestratorEnv = { ...toUrls(apps), ...cluster.env, ...env };
  apps.set('orchestrator', await start('orchestrator', { dataDir, env: orchestratorEnv }).ready);
  const stop = async (): Promise<void> => {
    await Promise.all([...apps.values()].map((app) => app.kill()));
    await cluster.stop();
  };
  const end = async (): Promise<void> => {
    await apps.get('orchestrator')?.stop();
    await Promise.all([...apps.values()].map((app) => app.stop()));
    await cluster.stop();
  };
  return { apps, orchestratorEnv, stop, end };
}

interface OwnCluster {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Orders live on a node of the system's own where whoever runs the tests says so, and the test itself says nothing. */
async function openCluster(
  dataDir: string,
  { SAGA_HOST = process.env.SAGA_HOST, RESTATE_INGRESS_URLS }: Readonly<Record<string, string>>,
): Promise<OwnCluster> {
  if (SAGA_HOST !== 'restate' || RESTATE_INGRESS_URLS)
    return { env: {}, stop: async () => undefined };
  const { startNodes } = await import('@baton/saga-restate/nodes');
  const { toClusterEnv } = await import('../restate/cluster-env.ts');
  const [node] = await startNodes({ folder: join(dataDir, 'restate'), count: 1 });
  if (!node) throw new Error('no node was started');
  return { env: await toClusterEnv([node]), stop: () => node.stop() };
}

const toUrls = (apps: ReadonlyMap<AppName, App>): Record<string, string> =>
  Object.fromEntries(
    listedParticipants.map(({ name, urlVariable }) => [
      urlVariable,
      `http://127.0.0.1:${apps.get(name)?.port}`,
    ]),
  );

/** Kills one and starts it again on the same port and data. */
export async function restart(system: System, name: AppName, dataDir: string): Promise<void> {
  const app = system.apps.get(name);
  await app?.kill();
  const env = name === 'orchestrator' ? system.orchestratorEnv : {};
  const port = app?.port ?? 0;
  system.apps.set(name, await start(name, { dataDir, port, env }).ready);
}
