/**
 * Everything dies in turn while orders come, and the network breaks: every accepted order ends whole, the books, read
 * from the participants' own files, are exact, and whoever listens hears of each event once. How long the cluster was
 * silent after each blow is printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapParticipants } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import { createParticipants } from '@baton/runtime';
import { toSubmitted } from '@baton/saga-restate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit, countPlaces } from '../chaos/auditor.ts';
import { type Customers, inviteCustomers, type Ordered } from '../chaos/customers.ts';
import { createRandom } from '../src/random.ts';
import { countOpen, hit, measureStill, type Struck } from './blow.ts';
import { type Cluster, projection, startCluster } from './cluster.ts';
import { type Listener, startListener } from './listener.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const arriveEveryMs = 200;
const settleLongestMs = 400_000;
let cluster: Cluster;
let customers: Customers;
/** One goes to whichever orchestrator takes it, one always to the same. */
let listeners: readonly Listener[];

beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'baton-cluster-'));
  cluster = await startCluster(dataDir, seed);
  const second = `http://127.0.0.1:${cluster.orchestrators[1]?.port}`;
  listeners = [cluster.url, second].map(startListener);
  customers = inviteCustomers({ url: cluster.url, random: createRandom(seed), arriveEveryMs });
  say(`seed ${seed}`);
});
afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close()));
  await cluster.close();
  rmSync(cluster.dataDir, { recursive: true });
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const struck = new Map<string, Struck>();

async function strike(what: string, blow: () => void | Promise<void>): Promise<void> {
  const { dataDir } = cluster;
  await expect.poll(() => countOpen(dataDir)).toBeGreaterThan(0);
  const result = await hit(dataDir, blow);
  say(`${what}, with ${result.open} orders under way`);
  expect(result.open).toBeGreaterThan(0);
  struck.set(what, result);
}

function sayHowLong(): void {
  const toSeconds = (ms: number): string => (ms / 1_000).toFixed(1);
  for (const [what, { silenceMs, window }] of struck) {
    const still = toSeconds(measureStill(cluster.dataDir, window));
    say(
      `${what}: no order moved for ${still} s; a replica heard nothing for ${toSeconds(silenceMs)} s`,
    );
  }
}

/** Straight at a node, as whoever stands in front of the orchestrators may while none of them is there. */
async function orderAtIngress(count: number): Promise<Ordered[]> {
  const nowhere = createParticipants(mapParticipants(() => 'http://127.0.0.1:9'));
  const [saga] = createOrderSagas(nowhere);
  const ordered = Array.from({ length: count }, (_, i) => ({
    customer: `ingress-${i}`,
    key: undefined,
    lines: [{ sku: 'mug', quantity: 1 }],
    token: 'tok_ok',
    baggage: undefined,
    ids: new Set([`ord_${String(i).padStart(32, 'e')}`]),
  }));
  for (const { customer, lines, token, ids } of ordered) {
    const input = { customerId: customer, lines, payment: { method: 'card', token } };
    const submitted = await toSubmitted(saga, input, { fingerprint: customer, context: {} });
    const url = `${cluster.nodes[1]?.ingressUrl}/BatonRun/${[...ids][0]}/submit/send`;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(submitted),
    });
    expect(answer.status).toBe(202);
  }
  return ordered;
}

test('every accepted order ends whole, whatever dies', async () => {
  const { nodes, orchestrators, proxies, dataDir } = cluster;
  await expect.poll(() => countOpen(dataDir)).toBeGreaterThan(10);
  for (const [i, node] of nodes.entries()) {
    await strike(`node ${i + 1} killed`, () => node.signal('SIGKILL'));
    await node.restart();
    await node.ready();
  }
  await strike('one orchestrator killed', () => orchestrators[1]?.kill());
  let atIngress: Ordered[] = [];
  await strike('both orchestrators killed', async () => {
    for (const orchestrator of orchestrators) orchestrator.kill();
    atIngress = await orderAtIngress(10);
  });
  await strike('one orchestrator frozen for 15 s', () => orchestrators[1]?.freeze(15_000));
  const [first] = nodes;
  await strike('node 1 frozen for 10 s', async () => {
    await first?.signal('SIGSTOP');
    setTimeout(() => void first?.signal('SIGCONT'), 10_000);
  });
  for (const proxy of proxies) proxy.calm();
  const calmMs = performance.now();
  await customers.finish();
  await Promise.all(proxies.map((proxy) => proxy.deliverHeld()));
  const isOver = (): boolean => {
    const places = countPlaces(dataDir, projection);
    const all = [...(places?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    return all > 0 && places?.get('done') === all;
  };
  await expect.poll(isOver, { timeout: settleLongestMs, interval: 500 }).toBe(true);
  sayHowLong();
  const orders = [...customers.orders, ...atIngress];
  say(
    `${orders.length} orders, all settled ${((performance.now() - calmMs) / 1_000).toFixed(0)} s after the calm`,
  );
  expect([
    ...customers.complaints,
    ...cluster.surprises(),
    ...audit(dataDir, orders, projection),
  ]).toEqual([]);
  for (const listener of listeners) {
    await expect.poll(() => listener.findFaults(dataDir, projection)).toEqual([]);
    say(`a listener was told to begin anew ${listener.countResets()} times`);
  }
}, 900_000);
