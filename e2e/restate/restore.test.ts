/**
 * A cluster that is set back to a backup: what it had then goes on from there, and what came since is not known to it
 * until its customers ask again, under the same keys. Participants were not set back, and do nothing twice.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type RestateNode, startNodes } from '@baton/saga-restate/nodes';
import { createOrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFaults } from '../src/books.ts';
import { restart, type System, startSystem } from '../src/processes.ts';
import { toClusterEnv } from './cluster-env.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'baton-restore-'));
const folder = join(dataDir, 'restate');
const backup = `${dataDir}-backup`;
const root = resolve(import.meta.dirname, '../..');
let nodes: readonly RestateNode[] = [];
let system: System;
let client: ReturnType<typeof createOrchestratorClient>;

beforeAll(async () => {
  nodes = await startNodes({ folder, count: 3 });
  system = await startSystem(dataDir, await toClusterEnv(nodes));
  const { port } = system.apps.get('orchestrator') ?? {};
  client = createOrchestratorClient({ baseUrl: `http://127.0.0.1:${port}` });
});
afterAll(async () => {
  await client?.close();
  await system?.stop();
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(dataDir, { recursive: true });
  rmSync(backup, { recursive: true, force: true });
});

/** The same name and number are the same order. */
async function place(name: string, count: number): Promise<string[]> {
  const placed = Array.from({ length: count }, async (_, i) => {
    const reply = await client.placeOrder(
      {
        customerId: name,
        lines: [{ sku: 'mug', quantity: 1 }],
        payment: { method: 'card', token: 'tok_ok' },
      },
      { idempotencyKey: `${name}-${i}` },
    );
    return reply.ok ? reply.body.orderId : reply.code;
  });
  return Promise.all(placed);
}

/** How many orders end each way. */
async function countEnds(ids: readonly string[]): Promise<Record<string, number>> {
  const replies = await Promise.all(ids.map((id) => client.getOrder(id)));
  const ends = replies.map((reply) => (reply.ok ? reply.body.status : reply.code));
  return Object.fromEntries(
    [...Map.groupBy(ends, (end) => end)].map(([end, { length }]) => [end, length]),
  );
}
const untilCompleted = (ids: readonly string[]): Promise<void> =>
  expect
    .poll(() => countEnds(ids), { timeout: 120_000, interval: 200 })
    .toEqual({ completed: ids.length });

async function readAudit() {
  const reply = await client.getAudit();
  if (!reply.ok) throw new Error(reply.code);
  const { balanced, stock } = reply.body;
  return { balanced, unexplained: stock.find(({ sku }) => sku === 'mug')?.unexplained };
}

const stopNodes = (): Promise<unknown> => Promise.all(nodes.map((node) => node.stop()));

async function startAgain(): Promise<void> {
  for (const node of nodes) await node.restart();
  await Promise.all(nodes.map((node) => node.ready()));
}

test('orders of the backup end whole after it was restored, and later ones once they are asked for again', async () => {
  const before = await place('before', 30);
  // At whatever point each of them is.
  await stopNodes();
  cpSync(folder, backup, { recursive: true });
  await startAgain();
  await untilCompleted(before);
  const after = await place('after', 20);
  await untilCompleted(after);

  await system.apps.get('orchestrator')?.stop();
  await stopNodes();
  rmSync(folder, { recursive: true });
  cpSync(backup, folder, { recursive: true });
  await startAgain();
  execFileSync('npm', ['run', 'reset', '--', '--projection'], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir },
    stdio: 'pipe',
  });
  await restart(system, 'orchestrator', dataDir);

  await untilCompleted(before);
  // Participants hold what the cluster knows no order of, and the books say so.
  expect(await countEnds(after)).toEqual({ 'order-not-found': after.length });
  await expect.poll(readAudit).toEqual({ balanced: false, unexplained: after.length });
  expect(await place('after', 20)).toEqual(after);
  await untilCompleted(after);
  await expect.poll(readAudit).toEqual({ balanced: true, unexplained: 0 });
  await system.end();
  expect(findFaults(dataDir, [...before, ...after])).toEqual([]);
}, 300_000);
