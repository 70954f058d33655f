/** `npm run dev:restate` and `npm run drain` as somebody at a terminal has them: an order ends, and Ctrl-C leaves nothing behind. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type ProcessGroup, startGroup } from '../src/process-group.ts';

const scripts = join(import.meta.dirname, '../../scripts');
const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
};
const Order = z.object({ orderId: z.string(), status: z.string() });
const List = z.object({ orders: z.array(Order) });
const upLine = /All \d+ are up, .*: every route at (http:\S+)\/docs/;

let folder: string;
let group: ProcessGroup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-dev-restate-'));
});
afterEach(async () => {
  group.kill();
  await group.closed;
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** Where the orchestrator is, once all that belongs to it is up. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const [script = '', ...options] = args;
  group = startGroup([join(scripts, script), ...options], {
    DATA_DIR: folder,
    PORT: '0',
    JAEGER_BIN: 'none',
    ...env,
  });
  await expect.poll(group.said, { timeout: 120_000 }).toMatch(upLine);
  return upLine.exec(group.said())?.[1] ?? '';
}

async function pressCtrlC(): Promise<void> {
  process.kill(-Number(group.child.pid), 'SIGINT');
  expect(await group.closed).toBe(0);
  // The server is killed; the system takes a moment to see it out.
  await expect.poll(group.isAlive).toBe(false);
}

async function place(url: string, headers: Readonly<Record<string, string>>) {
  const answer = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(order),
  });
  return Order.parse(await answer.json());
}

const waiting = { prefer: 'wait=30' };

async function listOrders(url: string) {
  const answer = await fetch(`${url}/orders`);
  return List.parse(await answer.json()).orders;
}

test('dev:restate completes an order on a cluster of its own, which ends with it', async () => {
  const url = await start(['dev-restate.ts']);
  const ingress = /orders live at (http:\S+);/.exec(group.said())?.[1] ?? '';
  expect(await place(url, waiting)).toMatchObject({ status: 'completed' });
  expect((await fetch(`${ingress}/restate/health`)).status).toBe(200);
  await pressCtrlC();
  await expect(fetch(`${ingress}/restate/health`)).rejects.toThrow();
});

test('drain finishes an open order of npm run dev, and takes new ones to the cluster', async () => {
  const before = await start(['dev.ts'], { SAGA_HOST: 'embedded' });
  const baggage = 'baton.fault=payment.process:latency:ms=5000:times=1';
  const { orderId } = await place(before, { baggage });
  await pressCtrlC();
  const url = await start(['dev-restate.ts', '--drain']);
  const placed = await place(url, waiting);
  await expect
    .poll(() => listOrders(url))
    .toEqual([
      { orderId: placed.orderId, status: 'completed' },
      { orderId, status: 'completed' },
    ]);
  expect(group.said()).toContain('orders of before the move are finished here');
  await pressCtrlC();
});
