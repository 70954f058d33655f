/** The five Express apps in one process, each behind a real port, talking real HTTP. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { listedParticipants, mapParticipants, type ParticipantName } from '@baton/contracts';
import {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorOptions,
} from '@baton/orchestrator';
import { closeParticipants, createParticipants } from '@baton/runtime';
import { openJournal } from '@baton/saga';
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import { createLog, createMetrics } from '@baton/telemetry';
import { openHost } from './engine-host.ts';
import { closeServices, type OpenTracing, openServices, type Services } from './services.ts';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly orderId?: string;
  readonly trace_id?: string;
}

export interface FiveApps {
  readonly url: string;
  readonly client: OrchestratorClient;
  readonly orchestrator: Orchestrator;
  readonly services: Services;
  readonly serverOf: (participant: ParticipantName) => Server;
  /** What any app logged as an error: must stay empty. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export interface FiveAppsOptions extends Pick<OrchestratorOptions, 'concurrencyMax' | 'callsMax'> {
  readonly openMax?: number;
  /** Hears each line of the orchestrator's log, details included. */
  readonly onLog?: (line: LogLine) => void;
  readonly openTracing?: OpenTracing;
}

export async function startFiveApps(
  folder: string,
  { openMax = 10_000, openTracing, onLog, ...limits }: FiveAppsOptions = {},
): Promise<FiveApps> {
  const errors: string[] = [];
  const services = openServices(folder, Date.now, openTracing);
  const servers = new Map<ParticipantName, Server>();
  for (const { name } of listedParticipants) servers.set(name, await listen(services[name].app));
  const participants = createParticipants(
    mapParticipants(({ name }) => toUrl(findServer(servers, name))),
  );
  const host = await openHost(folder);
  const orchestrator = await createOrchestrator({
    createEngine: host.createEngine,
    journal: await openJournal({ path: join(folder, 'orchestrator', 'journal.sqlite') }),
    participants,
    log: createLog('orchestrator', onLog ? 'debug' : 'error', {
      write: (text) => {
        const line: LogLine = JSON.parse(text);
        onLog?.(line);
        if (line.level === 'error') errors.push(text);
      },
    }),
    metrics: createMetrics('orchestrator'),
    ...limits,
    openMax,
    tracing: openTracing?.('orchestrator'),
    catalogPath: join(folder, 'orchestrator', 'catalog.json'),
  });
  const server = await listen(orchestrator.app);
  const client = createOrchestratorClient({ baseUrl: toUrl(server) });
  return {
    url: toUrl(server),
    client,
    orchestrator,
    services,
    serverOf: (name) => findServer(servers, name),
    errors,
    async close() {
      await client.close();
      await Promise.all([server, ...servers.values()].map(stop));
      await orchestrator.stop();
      await host.close();
      await closeParticipants(participants);
      closeServices(services);
    },
  };
}

function findServer(servers: ReadonlyMap<ParticipantName, Server>, name: ParticipantName): Server {
  const server = servers.get(name);
  if (!server) throw new Error(`${name} does not run`);
  return server;
}

async function listen(app: RequestListener): Promise<Server> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Cuts every connection: nobody waits for an idle one. */
export function stop(server: Server): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  return stopped;
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const toUrl = (server: Server): string => `http://127.0.0.1:${portOf(server)}`;
