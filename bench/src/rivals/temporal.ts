/** Temporal on one node with its SQLite file, each step an activity; its server is built from the Go module proxy. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pickFreePorts } from '@baton/saga-restate/nodes';
import { callParticipant, type Open } from './contestant.ts';
import { cacheFolder, importRival, readRivalVersion } from './installed-rivals.ts';
import { toTemporalConfig } from './temporal-config.ts';

const serverVersion = '1.32.0';
const readyLongestMs = 60_000;
const buildLongestMs = 45 * 60_000;

interface Worker {
  readonly NativeConnection: { connect(options: object): Promise<unknown> };
  readonly Runtime: { install(options: object): void };
  readonly DefaultLogger: new (level: string) => unknown;
  readonly Worker: { create(options: object): Promise<{ run(): Promise<void> }> };
}
interface Client {
  readonly Connection: {
    connect(options: object): Promise<{
      readonly workflowService: {
        registerNamespace(request: object): Promise<unknown>;
        describeTaskQueue(request: object): Promise<unknown>;
      };
    }>;
  };
  readonly Client: new (
    options: object,
  ) => {
    readonly workflow: { execute(name: string, options: object): Promise<unknown> };
  };
}

/** Throws where there is no Go, or a module cannot be had. */
function buildServer(): string {
  const bin = join(cacheFolder, 'bin');
  const program = join(bin, 'server');
  if (existsSync(program)) return program;
  console.error('  builds the Temporal server, which takes minutes');
  mkdirSync(bin, { recursive: true });
  const source = `go.temporal.io/server/cmd/server@v${serverVersion}`;
  const options = { env: { ...process.env, GOBIN: bin }, timeout: buildLongestMs } as const;
  execFileSync('go', ['install', source], { ...options, stdio: 'ignore' });
  return program;
}

async function startServer(folder: string): Promise<string> {
  const program = buildServer();
  const ports = await pickFreePorts(10);
  const config = join(folder, 'config');
  mkdirSync(config);
  writeFileSync(
    join(config, 'development.yaml'),
    toTemporalConfig(join(folder, 'temporal.db'), ports),
  );
  const where = ['--root', folder, '--config', 'config', '--env', 'development'];
  const server = spawn(program, [...where, '--allow-no-auth', 'start'], { stdio: 'ignore' });
  process.once('exit', () => server.kill('SIGKILL'));
  return `127.0.0.1:${ports[0]}`;
}

/** Resolves once the action succeeds: a starting server refuses everything for a while. */
async function untilDone(ask: () => Promise<unknown>): Promise<void> {
  for (const began = performance.now(); ; await delay(200)) {
    try {
      await ask();
      return;
    } catch (error) {
      if (performance.now() - began > readyLongestMs) throw error;
    }
  }
}

export const openTemporal: Open = async ({ participantsUrl, folder }) => {
  const address = await startServer(folder);
  const worker = await importRival<Worker>('@temporalio/worker');
  const { Connection, Client } = await importRival<Client>('@temporalio/client');
  await untilDone(() => Connection.connect({ address }));
  const connection = await Connection.connect({ address });
  const namespace = 'bench';
  const retention = { workflowExecutionRetentionPeriod: { seconds: 86_400 } };
  await untilDone(() => connection.workflowService.registerNamespace({ namespace, ...retention }));
  worker.Runtime.install({ logger: new worker.DefaultLogger('ERROR') });
  const taskQueue = 'bench';
  const { Worker } = worker;
  const created = await Worker.create({
    connection: await worker.NativeConnection.connect({ address }),
    namespace,
    taskQueue,
    workflowsPath: join(cacheFolder, 'temporal-workflow.js'),
    activities: { call: (step: string, id: string) => callParticipant(participantsUrl, step, id) },
    // As its guide to tuning recommends.
    workflowTaskPollerBehavior: { type: 'autoscaling' },
    activityTaskPollerBehavior: { type: 'autoscaling' },
    maxConcurrentActivityTaskExecutions: 256,
    maxConcurrentWorkflowTaskExecutions: 256,
  });
  created.run().catch((error) => {
    throw error;
  });
  const client = new Client({ connection, namespace });
  const place = async (id: string): Promise<void> => {
    await client.workflow.execute('place', { taskQueue, workflowId: id, args: [id] });
  };
  // The server's parts learn of a new namespace one after the other.
  let tries = 0;
  await untilDone(() => place(`first_${++tries}`));
  const sdk = readRivalVersion('@temporalio/worker');
  return { version: `Temporal ${serverVersion}, SDK ${sdk}`, place };
};
