/** Orders of a definition that this build does not have: ended ones count in the books, open ones wait. */
import { PlaceOrder } from '@baton/contracts';
import { createStandIns } from '@baton/runtime/testing';
import { createEngine, ok, saga } from '@baton/saga';
import { createMemoryJournal, createMemoryStore } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { createOrchestrator } from './app.ts';
import { createOrderSagas } from './place-order/place-order.ts';
import { createIdleProviders, keepBooks } from './testing/idle-providers.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};
const total = { amountMinor: 2400, currency: 'EUR' as const };

/** Another build: one of its orders has completed, another waits for who never answers. */
async function livePast(store: ReturnType<typeof createMemoryStore>): Promise<void> {
  const gone = saga('place-order', { version: 9, input: PlaceOrder })
    .step('validate', { perform: async () => ok({ total }), undo: null })
    .step('wrap', {
      timeoutMs: 10,
      perform: async ({ id }) =>
        id === 'ord_ended' ? ok('wrapped') : { reply: 'unsent', code: 'connection-refused' },
      undo: null,
    })
    .end();
  const engine = await createEngine({ journal: createMemoryJournal(store), sagas: [gone] });
  await engine.submit(gone, order, { id: 'ord_open' });
  await engine.submit(gone, order, { id: 'ord_ended' });
  await engine.settled('ord_ended');
  await engine.stop();
}

it('counts ended ones in the books, sets open ones aside, and says so when asked whether it is ready', async () => {
  const store = createMemoryStore();
  await livePast(store);
  const { participants } = createStandIns({
    ...createIdleProviders(),
    'payment-service': keepBooks(() => 2400),
  });
  const { app, stop } = await createOrchestrator({
    journal: createMemoryJournal(store),
    participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
  });
  onTestFinished(stop);
  const client = request(app);
  const ready = await client.get('/health/ready');
  expect([ready.status, ready.body.checks.quarantined]).toEqual([200, '1']);
  const audit = await client.get('/audit');
  expect(audit.body.money[0]).toMatchObject({ taken: 2400, completedOrders: 2400, balanced: true });
  const placed = await client.post('/orders').set('prefer', 'wait=5').send(order);
  expect(placed.body.status).toBe('completed');
  const waiting = await client.get('/orders/ord_open');
  expect([waiting.status, waiting.body.settledAt, waiting.body.next]).toEqual([
    200,
    undefined,
    null,
  ]);
});

it('shows which version each order follows, and how many still follow an old one', async () => {
  const store = createMemoryStore();
  await livePast(store);
  const { app, stop } = await createOrchestrator({
    journal: createMemoryJournal(store),
    participants: createStandIns().participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
  });
  onTestFinished(stop);
  const client = request(app);
  expect((await client.get('/orders/ord_open')).body).toMatchObject({ version: 9, steps: [] });
  const placed = await client.post('/orders').set('prefer', 'wait=10').send(order).expect(200);
  const known = createOrderSagas(createStandIns().participants).map(({ version }) => version);
  expect(placed.body.version).toBe(known[0]);
  const { orders } = (await client.get('/orders')).body;
  expect(orders.map(({ version }: { version: number }) => version)).toEqual([known[0], 9, 9]);
  const { text } = await client.get('/metrics');
  const counts = text.matchAll(/^baton_orders_open_by_version\{.*version="(\d)".*\} (\d)$/gm);
  expect(Object.fromEntries([...counts].map(([, version, count]) => [version, count]))).toEqual({
    ...Object.fromEntries(known.map((version) => [version, '0'])),
    9: '1',
  });
});
