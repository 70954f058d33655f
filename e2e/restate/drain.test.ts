/** `SAGA_HOST=restate` on the data of an embedded host moves its orders over, with real processes that are killed meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Audit } from '@baton/contracts';
import { startNodes } from '@baton/saga-restate/nodes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { restart, type System, start, startSystem } from '../src/processes.ts';
import { toClusterEnv } from './cluster-env.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'baton-drain-'));
const opened: { stop(): Promise<void> }[] = [];
let system: System;

beforeAll(async () => {
  system = await startSystem(dataDir, { SAGA_HOST: 'embedded' });
  opened.push(system);
});
afterAll(async () => {
  for (const one of opened.toReversed()) await one.stop();
  rmSync(dataDir, { recursive: true });
});

const orders = (path = ''): string =>
  `http://127.0.0.1:${system.apps.get('orchestrator')?.port}${path}`;

const Accepted = z.object({ orderId: z.string() });

async function place(key: string): Promise<string> {
  const answer = await fetch(orders('/orders'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({
      customerId: 'mover',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    }),
  });
  const told = await answer.text();
  expect(answer.ok, told).toBe(true);
  return Accepted.parse(JSON.parse(told)).orderId;
}
const placeAll = (name: string, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => place(`${name}-${i}`)));

const Page = z.object({
  orders: z.array(z.object({ orderId: z.string(), status: z.string() })),
  nextCursor: z.string().nullable(),
});

async function listAll(): Promise<z.infer<typeof Page>['orders']> {
  const listed: z.infer<typeof Page>['orders'] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor && `&cursor=${cursor}`;
    const answer: Response = await fetch(orders(`/orders?limit=7${from}`));
    const page: z.infer<typeof Page> = Page.parse(await answer.json());
    listed.push(...page.orders);
    cursor = page.nextCursor;
  }
  return listed;
}

async function readAudit(): Promise<Audit> {
  return Audit.parse(await (await fetch(orders('/audit'))).json());
}

async function readMugs() {
  const { openOrders, stock } = await readAudit();
  return { openOrders, mugs: stock.find(({ sku }) => sku === 'mug') };
}

/** What participants hold for no order, in words. Those that do not answer are left out. */
const findUnexplained = ({ money, stock }: Audit): string[] =>
  [
    ...money.map(({ currency, unexplained }) => ({ of: currency, unexplained })),
    ...stock.map(({ sku, unexplained }) => ({ of: sku, unexplained })),
  ].flatMap(({ of, unexplained }) => (unexplained === 0 ? [] : [`${of}: ${unexplained}`]));

test('orders of before the move end where they began, new ones on the cluster, in one list and one audit', async () => {
  const done = await placeAll('done', 5);
  await expect
    .poll(async () => (await listAll()).every(({ status }) => status === 'completed'))
    .toBe(true);
  // From here on they get as far as their payment, and wait.
  await system.apps.get('payment-service')?.kill();
  await system.apps.get('payment-alternate')?.kill();
  const waiting = await placeAll('waiting', 20);
  await system.apps.get('orchestrator')?.kill();

  const [node] = await startNodes({ folder: join(dataDir, 'restate'), count: 1 });
  if (!node) throw new Error('no node was started');
  opened.unshift(node);
  Object.assign(system.orchestratorEnv, await toClusterEnv([node]));
  await restart(system, 'orchestrator', dataDir);
  expect(await placeAll('waiting', 20)).toEqual(waiting);
  const moved = await placeAll('moved', 20);
  await restart(system, 'orchestrator', dataDir);
  expect(await placeAll('moved', 20)).toEqual(moved);
  const kinds = new Map(
    Object.entries({ moved, waiting, done }).flatMap(([kind, ids]) =>
      ids.map((id) => [id, kind] as const),
    ),
  );
  const list = async () => {
    const ids = (await listAll()).map(({ orderId }) => orderId);
    return { ids: ids.toSorted(), kinds: ids.map((id) => kinds.get(id)) };
  };
  // The newest first: those on the cluster.
  const whole = { ids: [...kinds.keys()].toSorted(), kinds: [...kinds.values()] };
  await expect.poll(list).toEqual(whole);
  const open = waiting.length + moved.length;
  await expect.poll(readMugs).toMatchObject({
    openOrders: open,
    mugs: { held: kinds.size, heldByOrders: done.length, openOrders: open, unexplained: 0 },
  });

  await restart(system, 'payment-service', dataDir);
  await restart(system, 'payment-alternate', dataDir);
  const unexplained: string[] = [];
  const isOver = async () => {
    unexplained.push(...findUnexplained(await readAudit()));
    return (await listAll()).every(({ status }) => status === 'completed');
  };
  await expect.poll(isOver, { timeout: 120_000, interval: 500 }).toBe(true);
  expect(unexplained).toEqual([]);
  expect(await list()).toEqual(whole);
  const audit = await readAudit();
  expect(audit, JSON.stringify(audit)).toMatchObject({ balanced: true, openOrders: 0 });

  await system.apps.get('orchestrator')?.stop();
  const env = { ...system.orchestratorEnv, SAGA_HOST: 'embedded' };
  const { code, said } = await start('orchestrator', { dataDir, env }).ended;
  expect(code).not.toBe(0);
  expect(said).toContain('SAGA_HOST=restate');
}, 300_000);
