/**
 * A build with one more version of the workflow takes the place of the one before, a replica at a time, while customers
 * order: each order ends under the version that it began with, and the books are exact.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants } from '@baton/contracts';
import { pickFreePorts, startNodes } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { audit, countPlaces } from '../chaos/auditor.ts';
import { inviteCustomers, type Ordered } from '../chaos/customers.ts';
import { readRows } from '../src/books.ts';
import { type App, type AppName, type Starting, start } from '../src/processes.ts';
import { createRandom } from '../src/random.ts';
import { copyTree } from '../src/tree-copy.ts';
import { startBalancer } from './balancer.ts';
import { projection } from './cluster.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const arriveEveryMs = 400;
const settleLongestMs = 200_000;
const versions = { before: 2, after: 3 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** This build, with a version more: it has a step that the one before has not. */
function build(folder: string): string {
  copyTree(folder);
  const toPath = (version: number) =>
    join(folder, 'apps/orchestrator/src/place-order', `v${version}.ts`);
  const before = readFileSync(toPath(versions.before), 'utf8');
  const after = before
    .replace(`version: ${versions.before}`, `version: ${versions.after}`)
    .replace('import { saga }', 'import { ok, saga }')
    .replace(
      ".pivot('pay'",
      ".step('wrap', { perform: async () => ok('wrapped'), undo: null })\n    .pivot('pay'",
    );
  writeFileSync(toPath(versions.after), after);
  return folder;
}

/** Of each version: how many orders there are, how many of them are open. */
function count(dataDir: string, version: number): { readonly all: number; readonly open: number } {
  const sql = `SELECT count(*) AS n, count(*) - count(settled_at) AS open FROM runs WHERE version = ${version}`;
  try {
    const [row] = readRows(dataDir, projection, sql);
    return { all: Number(row?.n), open: Number(row?.open) };
  } catch {
    // A replica that starts has the file for itself.
    return { all: 0, open: 0 };
  }
}

/** By version. */
function countSettled(dataDir: string, ids: ReadonlySet<string>): Readonly<Record<string, number>> {
  const rows = readRows(dataDir, projection, 'SELECT id, version FROM runs WHERE settled_at > 0');
  const found = rows.filter(({ id }) => ids.has(String(id)));
  return Object.fromEntries(
    [...Map.groupBy(found, ({ version }) => String(version))].map(([key, { length }]) => [
      key,
      length,
    ]),
  );
}

/** At a replica of one's choice. */
async function order(port: number | undefined, customer: string): Promise<Ordered> {
  const lines = [{ sku: 'mug', quantity: 1 }];
  const token = 'tok_ok';
  const body = { customerId: customer, lines, payment: { method: 'card', token } };
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': customer },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(202);
  const { orderId } = z.object({ orderId: z.string() }).parse(await answer.json());
  return { customer, key: customer, lines, token, baggage: undefined, ids: new Set([orderId]) };
}

test('orders of both versions end whole while one build takes the place of the other', async () => {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = mkdtempSync(join(tmpdir(), 'baton-upgrade-'));
  cleanup.defer(() => rmSync(dataDir, { recursive: true }));
  const tree = build(join(dataDir, 'tree'));
  const nodes = await startNodes({ folder: join(dataDir, 'restate'), count: 1 });
  for (const node of nodes) cleanup.defer(() => node.stop());
  const participants = new Map<AppName, App>();
  cleanup.defer(
    async () => void (await Promise.all([...participants.values()].map((app) => app.kill()))),
  );
  // Whoever crashes here stays dead: customers bring no faults.
  const noFaults = { FAULTS: 'off' };
  const begin = async (name: AppName, port = 0) =>
    void participants.set(name, await start(name, { dataDir, port, env: noFaults }).ready);
  await Promise.all(listedParticipants.map(({ name }) => begin(name)));
  const handlers = await pickFreePorts(2);
  const ports = await pickFreePorts(2);
  const [toHandlers, front] = await Promise.all([startBalancer(handlers), startBalancer(ports)]);
  cleanup.defer(() => toHandlers.close());
  cleanup.defer(() => front.close());
  const env = {
    ...noFaults,
    ...Object.fromEntries(
      listedParticipants.map(({ name, urlVariable }) => [
        urlVariable,
        `http://127.0.0.1:${participants.get(name)?.port}`,
      ]),
    ),
    SAGA_HOST: 'restate',
    RESTATE_INGRESS_URLS: nodes.map(({ ingressUrl }) => ingressUrl).join(','),
    RESTATE_ADMIN_URLS: nodes[0]?.adminUrl ?? '',
    RESTATE_HANDLERS_URL: toHandlers.url,
  };
  const replicas: Starting[] = [];
  cleanup.defer(async () => void (await Promise.all(replicas.map((replica) => replica.kill()))));
  async function open(index: number, tree?: string): Promise<void> {
    replicas[index] = start('orchestrator', {
      dataDir: join(dataDir, ['first', 'second'][index] ?? ''),
      port: ports[index] ?? 0,
      env: {
        ...env,
        RESTATE_HANDLERS_PORT: String(handlers[index]),
        PLACE_ORDER_VERSION: String(tree === undefined ? versions.before : versions.after),
      },
      ...(tree !== undefined && { tree }),
    });
    await replicas[index].ready;
  }
  async function replace(index: number): Promise<void> {
    replicas[index]?.signal('SIGTERM');
    expect(await replicas[index]?.ended).toMatchObject({ code: 0 });
    await open(index, tree);
  }
  await open(0);
  await open(1);
  say(`seed ${seed}`);
  const random = createRandom(seed);
  const customers = inviteCustomers({ url: front.url, random, arriveEveryMs });
  const of = (version: number) => count(dataDir, version);
  await expect.poll(() => of(versions.before).all).toBeGreaterThan(10);

  await replace(0);
  const orders: Ordered[] = [];
  const orderAt = async (index: number, name: string) => {
    for (let i = 0; i < 5; i++) orders.push(await order(ports[index], `${name}-${i}`));
  };
  await orderAt(0, 'early');
  const { after, before } = versions;
  const beganMs = performance.now();
  const early = new Set(orders.flatMap(({ ids }) => [...ids]));
  await expect.poll(() => countSettled(dataDir, early)).toEqual({ [after]: 5 });
  const seconds = ((performance.now() - beganMs) / 1_000).toFixed(1);
  say(`beside the old build, orders of the new version end within ${seconds} s`);

  // From now on none gets far, of neither version.
  await participants.get('inventory-service')?.kill();
  await orderAt(0, 'new');
  await orderAt(1, 'old');
  await expect.poll(() => [of(before).open > 4, of(after).open > 4]).toEqual([true, true]);
  await replace(1);
  say(`when the old build was gone, ${of(before).open} orders of its version were open`);
  expect([of(before).open > 4, of(after).open > 4]).toEqual([true, true]);
  await begin('inventory-service', participants.get('inventory-service')?.port);
  await customers.finish();

  const isOver = (): boolean => {
    const places = countPlaces(dataDir, projection);
    const all = [...(places?.values() ?? [])].reduce((sum, one) => sum + one, 0);
    return all > 0 && places?.get('done') === all;
  };
  await expect.poll(isOver, { timeout: settleLongestMs, interval: 500 }).toBe(true);
  say(`ended: ${of(before).all} orders of the version before, ${of(after).all} of the one after`);
  orders.push(...customers.orders);
  expect([...customers.complaints, ...audit(dataDir, orders, projection)]).toEqual([]);
}, 600_000);
