/** Three nodes, two orchestrators, the participants behind a network that breaks: real processes, to be killed and frozen. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listedParticipants } from '@baton/contracts';
import { register } from '@baton/saga-restate';
import { pickFreePorts, type RestateNode, startNodes } from '@baton/saga-restate/nodes';
import { type BreakingProxy, startBreakingProxy } from '../chaos/breaking-proxy.ts';
import { type KeptProcess, keepProcess } from '../chaos/kept-process.ts';
import { createRandom } from '../src/random.ts';
import { type Balancer, startBalancer } from './balancer.ts';

export interface Cluster {
  readonly dataDir: string;
  readonly nodes: readonly RestateNode[];
  readonly orchestrators: readonly KeptProcess[];
  readonly proxies: readonly BreakingProxy[];
  /** The address for customers: either orchestrator answers. */
  readonly url: string;
  /** Ends that nobody asked for, in words. */
  surprises(): readonly string[];
  close(): Promise<void>;
}

/** The first orchestrator's projection, in the folder. */
export const projection = 'first/orchestrator/cluster/projection.sqlite';

export async function startCluster(dataDir: string, seed: number): Promise<Cluster> {
  const opened: { end(): Promise<void> }[] = [];
  try {
    return await openAll(dataDir, seed, opened);
  } catch (error) {
    await endAll(opened);
    throw error;
  }
}

const endAll = async (opened: readonly { end(): Promise<void> }[]): Promise<void> =>
  void (await Promise.all(opened.map((one) => one.end())));

async function openAll(
  dataDir: string,
  seed: number,
  opened: { end(): Promise<void> }[],
): Promise<Cluster> {
  const nodes = await startNodes({ folder: join(dataDir, 'restate'), count: 3 });
  opened.push(...nodes.map((node) => ({ end: () => node.stop() })));
  const participants = await Promise.all(
    listedParticipants.map(({ name }) => keepProcess(name, { dataDir })),
  );
  opened.push(...participants);
  const proxies = await Promise.all(
    participants.map(({ port }, i) => startBreakingProxy({ port, random: createRandom(seed + i) })),
  );
  const urls = listedParticipants.map(({ urlVariable }, i) => [urlVariable, proxies[i]?.url ?? '']);
  const handlers = await pickFreePorts(2);
  const handlersBalancer = await startBalancer(handlers);
  const env = {
    ...Object.fromEntries(urls),
    SAGA_HOST: 'restate',
    RESTATE_INGRESS_URLS: nodes.map(({ ingressUrl }) => ingressUrl).join(','),
  };
  const ports = await pickFreePorts(2);
  // With given ports they are not awaited: they wait until the cluster knows them.
  const orchestrators = await Promise.all(
    ['first', 'second'].map((folder, i) =>
      keepProcess('orchestrator', {
        dataDir: join(dataDir, folder),
        port: ports[i] ?? 0,
        env: { ...env, RESTATE_HANDLERS_PORT: String(handlers[i]) },
      }),
    ),
  );
  opened.push(...orchestrators);
  await registerSoon(nodes, handlersBalancer);
  const front = await startBalancer(ports);
  const balancers = [handlersBalancer, front];
  await untilReady(front.url);
  opened.push(...[...proxies, ...balancers].map((one) => ({ end: () => one.close() })));
  return {
    dataDir,
    nodes,
    orchestrators,
    proxies,
    url: front.url,
    surprises: () => [...participants, ...orchestrators].flatMap(({ surprises }) => surprises),
    close: () => endAll(opened.toReversed()),
  };
}

const startLongestMs = 120_000;

/** An orchestrator is not ready before the cluster knows its handlers, and they are there before it is ready. */
const registerSoon = ([node]: readonly RestateNode[], { url }: Balancer): Promise<void> =>
  untilDone(() => register([node?.adminUrl ?? ''], url));

const untilReady = (url: string): Promise<void> => untilDone(() => askReady(url));

async function askReady(url: string): Promise<void> {
  const { ok } = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5_000) });
  if (!ok) throw new Error(`${url} is not ready`);
}

async function untilDone(work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + startLongestMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(200);
    }
  }
}
