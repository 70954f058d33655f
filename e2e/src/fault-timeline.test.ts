import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFaults } from './books.ts';
import { type System, startSystem } from './processes.ts';

let dataDir: string;
let system: System;
let client: OrchestratorClient;
const placed: string[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'baton-timeline-'));
  system = await startSystem(dataDir);
  const port = system.apps.get('orchestrator')?.port;
  client = createOrchestratorClient({ baseUrl: `http://127.0.0.1:${port}` });
});
afterAll(async () => {
  await client.close();
  await system.stop();
  rmSync(dataDir, { recursive: true });
});

async function placeBroken(faults: string, token = 'tok_ok') {
  const payment = { method: 'card' as const, token };
  const order = { customerId: 'ada', lines: [{ sku: 'mug', quantity: 1 }], payment };
  const options = { baggage: `baton.fault=${faults}`, waitSeconds: 20 };
  const reply = await client.placeOrder(order, options);
  if (!reply.ok || reply.status !== 200) throw new Error(`not settled: ${JSON.stringify(reply)}`);
  placed.push(reply.body.orderId);
  return reply.body;
}

it.each([
  ['lost-reply', 'connection-reset'],
  ['status', 'status-503'],
  ['reset', 'connection-reset'],
  ['malformed', 'malformed-reply'],
  ['hang', 'timed-out'],
])('marks %s in the timeline of the order that it hit, and completes it', async (kind, code) => {
  const order = await placeBroken(`payment.process:${kind}:times=1`);
  expect(order.status).toBe('completed');
  const [hit, clean] = order.steps.find(({ name }) => name === 'pay')?.attempts ?? [];
  expect(hit).toMatchObject({ reply: 'unknown', code, note: `injected payment.process:${kind}` });
  expect(clean).toMatchObject({ number: 2, reply: 'ok' });
  expect(clean?.note).toBeUndefined();
});

it('says which attempt did it and which one repeated the answer, with the amount and the id', async () => {
  const lost = await placeBroken('payment.process:lost-reply:times=1');
  const pay = lost.steps.find(({ name }) => name === 'pay');
  expect(pay?.result).toMatchObject({ paymentId: expect.any(String), amount: lost.total });
  expect(pay?.attempts.map(({ replayed }) => replayed)).toEqual([undefined, true]);
  expect(lost.steps.find(({ name }) => name === 'reserve')?.result).toMatchObject({
    reservationId: expect.any(String),
  });
  const refused = await placeBroken('payment.process:status:times=1');
  const retried = refused.steps.find(({ name }) => name === 'pay')?.attempts;
  expect(retried?.map(({ replayed }) => replayed)).toEqual([undefined, undefined]);
});

it('marks a fault in an undo, and nothing of the order that it did not hit', async () => {
  const faults = 'inventory.release:status:times=1';
  const [hit, spared] = await Promise.all([
    placeBroken(faults, 'tok_declined'),
    placeBroken('order.cancel:latency:ms=1:times=1'),
  ]);
  const undos = hit.steps[1]?.attempts.filter(({ direction }) => direction === 'undo');
  expect(undos?.map(({ note }) => note)).toEqual(['injected inventory.release:status', undefined]);
  expect(JSON.stringify(spared)).not.toContain('injected');
});

it('leaves the books balanced', () => {
  expect(findFaults(dataDir, placed)).toEqual([]);
});
