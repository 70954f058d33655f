import { orchestratorOperations } from '@baton/contracts';
import { createStandIns } from '@baton/runtime/testing';
import { createEngine } from '@baton/saga';
import { createMemoryJournal, createMemoryStore } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { afterEach, expect, it } from 'vitest';
import { createOrchestrator, type Orchestrator, type OrchestratorOptions } from './app.ts';
import { providerNames } from './books/providers.ts';
import { createOrderSaga } from './place-order/place-order.ts';

const running: Orchestrator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
});

type Change = Partial<OrchestratorOptions>;

async function start(participants = createStandIns().participants, change: Change = {}) {
  const orchestrator = await createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    ...change,
  });
  running.push(orchestrator);
  return request(orchestrator.app);
}

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};

/** Of the newest version. */
const steps = createOrderSaga(createStandIns().participants).plan.map(({ name }) => name);

const never = () => new Promise<never>(() => {});

it('answers with what the contract says, settled or accepted', async () => {
  const client = await start();
  const settled = await client.post('/orders').set('prefer', 'wait=5').send(order);
  expect(settled.status).toBe(200);
  expect(() => orchestratorOperations.placeOrder.replies[200].parse(settled.body)).not.toThrow();
  const accepted = await client.post('/orders').send(order);
  expect(accepted.status).toBe(202);
  expect(accepted.headers.location).toBe(`/orders/${accepted.body.orderId}`);
  expect(() => orchestratorOperations.placeOrder.replies[202].parse(accepted.body)).not.toThrow();
});

it('says 200 also of an order that settled just as the wait ended', async () => {
  const client = await start(undefined, {
    createEngine: async (options) => {
      const engine = await createEngine(options);
      const settled = async (id: string) => void (await engine.settled(id));
      return new Proxy(engine, {
        get(target, name) {
          const value = Reflect.get(target, name, target);
          if (name === 'settled') return settled;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  });
  const { status, body } = await client.post('/orders').set('prefer', 'wait=5').send(order);
  expect([status, body.status]).toEqual([200, 'completed']);
});

it('asks each participant once, in order, each under a key of its own', async () => {
  const { participants, asked } = createStandIns();
  const client = await start(participants);
  const { body } = await client.post('/orders').set('prefer', 'wait=5').send(order);
  expect(asked.map(({ key }) => key)).toEqual(steps.map((name) => `${body.orderId}:${name}`));
  expect(asked.find(({ operation }) => operation === 'process')?.body).toEqual({
    orderId: body.orderId,
    amount: { amountMinor: 2400, currency: 'EUR' },
    method: 'card',
    token: 'tok_ok',
  });
});

it('hands trace context and baggage on with every hop, and nothing else of the request', async () => {
  const { participants, asked } = createStandIns();
  const client = await start(participants);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const sent = { traceparent, baggage: 'k=v', cookie: 'secret=1' };
  await client
    .post('/orders')
    .set({ ...sent, prefer: 'wait=5' })
    .send(order);
  expect(asked).toHaveLength(steps.length);
  for (const { context } of asked) expect(context).toEqual({ traceparent, baggage: 'k=v' });
});

it('says 202 after the wait when the order is not settled by then', async () => {
  const client = await start(createStandIns({ 'order-service': { validate: never } }).participants);
  const answer = await client.post('/orders').set('prefer', 'wait=1').send(order);
  expect(answer.status).toBe(202);
  expect(answer.body.status).toBe('running');
  const seen = await client.get(`/orders/${answer.body.orderId}`);
  expect(seen.body.inFlight).toMatchObject({ step: 'validate', direction: 'forward', number: 1 });
});

it('shows what is owed and when it is tried next, while an undo waits', async () => {
  const refuse = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
  const fail = async () => ({ reply: 'unknown' as const, code: 'status-503', retriable: true });
  const override = {
    'payment-service': { process: refuse },
    'inventory-service': { release: fail },
  };
  const client = await start(createStandIns(override).participants, { random: () => 0.999 });
  const { body } = await client.post('/orders').send(order);
  const look = async () => (await client.get(`/orders/${body.orderId}`)).body;
  await expect.poll(async () => (await look()).next?.what).toContain('inventory-service');
  expect(await look()).toMatchObject({
    status: 'compensating',
    outcome: { code: 'payment-declined', step: 'pay' },
    owed: ['reserve'],
  });
});

it('completes without the notification, and says that it is degraded', async () => {
  const fail = async () => ({ reply: 'unknown' as const, code: 'status-500', retriable: false });
  const client = await start(
    createStandIns({ 'notification-service': { notify: fail } }).participants,
  );
  const { body } = await client.post('/orders').set('prefer', 'wait=5').send(order);
  expect(body).toMatchObject({ status: 'completed', degraded: ['notify'] });
  expect(body.steps.at(-1)).toMatchObject({ name: 'notify', status: 'deferred' });
  expect(body.next.what).toContain('notification-service');
});

it('knows a pruned order by its key, though it can no longer be read', async () => {
  const store = createMemoryStore();
  const client = await start(undefined, { journal: createMemoryJournal(store), keepMs: 1 });
  const send = () =>
    client.post('/orders').set({ 'idempotency-key': 'k', prefer: 'wait=5' }).send(order);
  const { body } = await send();
  await expect.poll(() => store.runs.size).toBe(0);
  expect((await client.get(`/orders/${body.orderId}`)).status).toBe(404);
  const again = await send();
  expect(again.status).toBe(202);
  expect(again.body).toMatchObject({ orderId: body.orderId, status: 'completed' });
});

it('cannot say what the books hold while participants are down, and says so', async () => {
  const client = await start();
  const { body } = await client.get('/audit');
  expect(body).toMatchObject({
    balanced: false,
    unreachable: [...providerNames, 'inventory-service'],
  });
});

it('gives an audit up when orders are pruned each time it looks', async () => {
  const journal = createMemoryJournal();
  let looks = 0;
  const readCarried = () => ({ money: { EUR: looks++ }, stock: {} });
  const client = await start(undefined, { journal: { ...journal, readCarried } });
  const answer = await client.get('/audit');
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('1');
  expect(looks).toBeLessThan(20);
});

it('has no catalogue to show before the order service answered once', async () => {
  const client = await start();
  const answer = await client.get('/catalog');
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('1');
});

it('refuses a cursor that it did not hand out', async () => {
  const client = await start();
  const answer = await client.get('/orders?cursor=nonsense');
  expect(answer.status).toBe(400);
  expect(answer.body.issues).toEqual([
    { path: 'query.cursor', message: 'take nextCursor of the page before' },
  ]);
});

it('is not ready once its queue is full', async () => {
  const client = await start(
    createStandIns({ 'order-service': { validate: never } }).participants,
    {
      openMax: 1,
    },
  );
  expect((await client.get('/health/ready')).status).toBe(200);
  await client.post('/orders').send(order);
  const answer = await client.get('/health/ready');
  expect(answer.status).toBe(503);
  expect(answer.body.checks.queue).toBe('1 of 1 orders open');
});

it('reports participants that do not answer, and is ready all the same', async () => {
  const client = await start();
  const look = async () => (await client.get('/health/ready')).body.checks['inventory-service'];
  expect(await look()).toBe('not asked yet');
  await expect.poll(look).toBe('does not answer');
  expect((await client.get('/health/ready')).status).toBe(200);
});

it('counts what happens to orders', async () => {
  const client = await start();
  await client.post('/orders').set('prefer', 'wait=5').send(order);
  const { text } = await client.get('/metrics');
  expect(text).toMatch(
    new RegExp(`baton_order_events_total\\{type="step-succeeded".*\\} ${steps.length}\n`),
  );
  expect(text).toMatch(/baton_orders_open.* 0/);
});
