/** A real Prometheus for a test, with the project's configuration, for apps on free ports. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';

const source = join(import.meta.dirname, '../../deploy/prometheus');

export interface Prometheus {
  /** `data` of an answer of its HTTP API; throws with the message of a refusal. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startPrometheus(
  folder: string,
  apps: Iterable<{ readonly name: string; readonly port: number }>,
): Promise<Prometheus> {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(source, 'rules.yml'), join(folder, 'rules.yml'));
  // Scrapes as often as a test of seconds needs; the rest is the delivered configuration.
  const config = readFileSync(join(source, 'prometheus.yml'), 'utf8')
    .replace(/_interval: 5s/g, '_interval: 1s')
    .replace('scrape_timeout: 3s', 'scrape_timeout: 1s');
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const targets = [...apps].map(({ name, port }) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { app: name },
  }));
  // JSON is YAML.
  writeFileSync(join(folder, 'targets.yml'), JSON.stringify(targets));
  const port = await findFreePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return { get: createGet(`http://127.0.0.1:${port}/api/v1`), stop: () => end(child) };
}

const Answer = z.object({ status: z.string(), data: z.unknown(), error: z.string().optional() });

const createGet =
  (baseUrl: string): Prometheus['get'] =>
  async (path, query = {}) => {
    const answer = await fetch(`${baseUrl}${path}?${new URLSearchParams(query)}`);
    const { status, data, error } = Answer.parse(await answer.json());
    if (status !== 'success') throw new Error(error);
    return data;
  };

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Free a moment ago, which on a test's machine is as good as free. */
function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
