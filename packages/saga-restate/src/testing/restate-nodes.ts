/** A Restate cluster of some nodes on this machine's loopback, in a folder of its own: for tests, and for trying things out. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface RestateNode {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Ended if it was not, and as it was before: on its ports, with its data. */
  restart(): Promise<void>;
  /** Resolves when it takes calls. */
  ready(): Promise<void>;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}
export interface NodesOptions {
  readonly folder: string;
  readonly count: 1 | 3;
  /** By node: fabric, ingress, admin. Default: any that are free. */
  readonly ports?: readonly Ports[];
  /** A private key; handlers can ask for calls that are signed with it. */
  readonly identityFile?: string;
}
interface Ports {
  readonly fabric: number;
  readonly ingress: number;
  readonly admin: number;
}

/** Resolves when each node takes calls. Throws where the server is not installed, or does not start. */
export async function startNodes(options: NodesOptions): Promise<RestateNode[]> {
  const { folder, count, ports } = options;
  const free = ports ?? (await pickPorts(count));
  const fabrics = free.map(({ fabric }) => `http://127.0.0.1:${fabric}`);
  mkdirSync(folder, { recursive: true });
  const nodes = free.map((own, i) => {
    const name = `n${i + 1}`;
    const config = join(folder, `${name}.toml`);
    writeFileSync(config, toConfig(name, own, { ...options, fabrics }));
    return createNode(config, own);
  });
  try {
    await Promise.all(nodes.map((node) => node.ready()));
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
  return nodes;
}

function toConfig(
  name: string,
  { fabric, ingress, admin }: Ports,
  { folder, fabrics, identityFile }: NodesOptions & { readonly fabrics: readonly string[] },
): string {
  const isFirst = name === 'n1';
  const replication = Math.min(2, fabrics.length);
  return `cluster-name = "baton"
node-name = "${name}"
roles = ["http-ingress", "admin", "worker", "log-server", "metadata-server"]
base-dir = "${join(folder, name)}"
listen-mode = "tcp"
bind-ip = "127.0.0.1"
bind-port = ${fabric}
advertised-address = "http://127.0.0.1:${fabric}"
auto-provision = ${isFirst}
default-num-partitions = 6
default-replication = ${replication}
rocksdb-total-memory-size = "128MiB"
disable-telemetry = true
log-filter = "warn"

[worker.invoker]
${identityFile ? `request-identity-private-key-pem-file = "${identityFile}"` : ''}
http2-keep-alive-interval = "5s"
http2-keep-alive-timeout = "5s"

[metadata-client]
addresses = [${fabrics.map((url) => `"${url}"`).join(', ')}]

[ingress]
bind-address = "127.0.0.1:${ingress}"

[admin]
bind-address = "127.0.0.1:${admin}"
`;
}

/** Throws where the package is not installed for this machine. */
export function findServer(): string {
  const find = createRequire(import.meta.url).resolve;
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  try {
    return find(`${name}/bin/restate-server`);
  } catch {
    throw new Error(`${name} is not installed: there is no Restate server to start`);
  }
}

/** The server does not outlive whoever started it: the shell beside it ends it when its own input ends, also after kill -9. */
const script = '"$@" >>"$0" 2>&1 & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait';

interface Started {
  readonly shell: ChildProcess;
  readonly pid: number;
}

async function startServer(config: string): Promise<Started> {
  const log = config.replace(/toml$/, 'log');
  const command = [findServer(), '--no-logo', '--config-file', config];
  const shell = spawn('sh', ['-c', script, log, ...command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // What a server that is killed leaves there goes with its folder.
    env: { ...process.env, TMPDIR: dirname(config) },
    // Ctrl-C is for the process that started it, which ends what needs the node before the node.
    detached: true,
  });
  const [line] = await once(shell.stdout, 'data');
  return { shell, pid: Number(line) };
}

function createNode(config: string, { ingress, admin }: Ports): RestateNode {
  const ingressUrl = `http://127.0.0.1:${ingress}`;
  const adminUrl = `http://127.0.0.1:${admin}`;
  let started = startServer(config);
  async function stop(): Promise<void> {
    const { shell } = await started;
    if (shell.exitCode !== null || shell.signalCode !== null) return;
    const ended = once(shell, 'exit');
    shell.stdin?.end();
    await ended;
  }
  return {
    ingressUrl,
    adminUrl,
    async ready() {
      await started;
      await untilReady({ ingressUrl, adminUrl });
    },
    async signal(signal) {
      process.kill((await started).pid, signal);
    },
    async restart() {
      await stop();
      started = startServer(config);
    },
    stop,
  };
}

const readyLongestMs = 60_000;

type Addresses = Pick<RestateNode, 'ingressUrl' | 'adminUrl'>;

async function untilReady({ ingressUrl, adminUrl }: Addresses): Promise<void> {
  const deadline = performance.now() + readyLongestMs;
  for (const url of [`${adminUrl}/health`, `${ingressUrl}/restate/health`]) {
    while (!(await answers(url))) {
      if (performance.now() > deadline) throw new Error(`${url} does not answer`);
      await delay(50);
    }
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

async function pickPorts(count: number): Promise<Ports[]> {
  const ports = await pickFreePorts(3 * count);
  return Array.from({ length: count }, (_, i) => {
    const [fabric = 0, ingress = 0, admin = 0] = ports.slice(3 * i);
    return { fabric, ingress, admin };
  });
}

/** Below those that systems hand out: one that is given up for a moment is still free then. Above 10080, which fetch refuses. */
export async function pickFreePorts(count: number): Promise<number[]> {
  const free = new Set<number>();
  while (free.size < count) {
    const port = 10_100 + Math.floor(Math.random() * 19_900);
    if (await isFree(port)) free.add(port);
  }
  return [...free];
}

export function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
