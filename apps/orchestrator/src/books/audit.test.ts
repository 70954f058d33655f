/** What the audit says of undos that an operator gave up, for as long as a participant still holds their effect. */
import { orchestratorOperations } from '@baton/contracts';
import { createStandIns } from '@baton/runtime/testing';
import { createMemoryJournal, createMemoryStore } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { createOrchestrator, type OrchestratorOptions } from '../app.ts';
import { createIdleProviders, keepBooks } from '../testing/idle-providers.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};
const final = { reply: 'unknown' as const, code: 'status-422', retriable: false };
type Override = NonNullable<Parameters<typeof createStandIns>[0]>;

const refused = (code: string) => async () => ({ reply: 'refused' as const, code });
const read = async <T>(body: T) => ({ ok: true as const, status: 200 as const, body });
const notFound = async (code: string) => ({ ok: false as const, code, status: 404 });

/** Participants that hold one order's effects until somebody takes them away by hand. */
function createHolders() {
  const holders = { mugs: 0, taken: 0, isStanding: false, isAway: false };
  const away = async () => ({ ok: false as const, code: 'connection-refused' });
  const at = '2026-01-01T00:00:00.000Z';
  const toAmount = (amountMinor: number) => ({ amountMinor, currency: 'EUR' as const });
  const override = {
    ...createIdleProviders(),
    'order-service': {
      getOrder: ({ params: { id } }) =>
        holders.isStanding
          ? read({
              orderId: id,
              customerId: 'ada',
              status: 'validated',
              lines: order.lines,
              total: toAmount(2400),
            })
          : notFound('order-not-found'),
    },
    'inventory-service': {
      getStock: () =>
        holders.isAway
          ? away()
          : read({
              products: [{ sku: 'mug', onHand: 9, free: 9 - holders.mugs, held: holders.mugs }],
            }),
      getReservation: ({ params: { id } }) => {
        if (holders.isAway) return away();
        return holders.mugs === 0
          ? notFound('nothing-held')
          : read({ orderId: id, lines: [{ sku: 'mug', quantity: holders.mugs }] });
      },
    },
    'payment-service': {
      ...keepBooks(() => holders.taken),
      getOrderPayments: ({ params: { id } }) => {
        const payment = { orderId: id, paymentId: 'pay_1', amount: toAmount(holders.taken), at };
        const payments = holders.taken > 0 ? [{ ...payment, status: 'taken' as const }] : [];
        return read({ orderId: id, payments });
      },
    },
  } satisfies Override;
  return { holders, override };
}

async function start(override: Override, change: Partial<OrchestratorOptions> = {}) {
  const orchestrator = await createOrchestrator({
    journal: createMemoryJournal(),
    participants: createStandIns(override).participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    ...change,
  });
  onTestFinished(() => orchestrator.stop());
  const client = request(orchestrator.app);
  const audit = async () => {
    const { body } = await client.get('/audit').expect(200);
    return orchestratorOperations.getAudit.replies[200].parse(body);
  };
  /** Places an order that gets stuck, writes the undo of one step off, and waits for its end. */
  const giveUp = async (step: string, reason: string): Promise<string> => {
    const { body } = await client.post('/orders').send(order);
    const look = async () => (await client.get(`/orders/${body.orderId}`)).body.status;
    await expect.poll(look).toBe('stuck');
    await client.post(`/orders/${body.orderId}/skip`).send({ step, reason }).expect(202);
    await expect.poll(look).toMatch(/compensated|undefined/);
    return body.orderId;
  };
  return { audit, giveUp, client };
}

/** The payment is declined, and the inventory takes nothing back. */
function createDeclined() {
  const { holders, override } = createHolders();
  holders.mugs = 2;
  const inventory = { ...override['inventory-service'], release: refused('too-late') };
  const payments = { ...override['payment-service'], process: refused('payment-declined') };
  return {
    holders,
    override: {
      ...override,
      'inventory-service': inventory,
      'payment-service': payments,
    },
  };
}

it('lists stock whose release was written off, until somebody has put it back', async () => {
  const { holders, override } = createDeclined();
  const { audit, giveUp } = await start(override);
  const reason = 'they say no';
  const orderId = await giveUp('reserve', reason);
  expect(await audit()).toMatchObject({
    balanced: false,
    stock: [{ sku: 'mug', held: 2, heldByOrders: 0, balanced: false }],
    writtenOff: [
      {
        orderId,
        step: 'reserve',
        direction: 'undo',
        participant: 'inventory-service',
        reason,
        lines: [{ sku: 'mug', quantity: 2 }],
      },
    ],
  });
  holders.mugs = 0;
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});

it('balances no books over a written-off effect that open orders could explain', async () => {
  const { override } = createDeclined();
  const { audit, giveUp, client } = await start(override);
  const orderId = await giveUp('reserve', 'they say no');
  await client.post('/orders').send(order);
  await expect.poll(async () => (await audit()).openOrders).toBe(1);
  const seen = await audit();
  expect(seen.stock[0]).toMatchObject({
    held: 2,
    openOrders: 0,
    writtenOff: 2,
    unexplained: 0,
    balanced: false,
  });
  expect(seen).toMatchObject({ balanced: false, writtenOff: [{ orderId }] });
});

it('lists money whose refund was written off, until it was given back', async () => {
  const { holders, override } = createHolders();
  holders.taken = 2400;
  const payments = {
    ...override['payment-service'],
    process: async () => final,
    refund: refused('no'),
  };
  const { audit, giveUp } = await start({ ...override, 'payment-service': payments });
  const orderId = await giveUp('pay', 'sent by cheque');
  expect(await audit()).toMatchObject({
    balanced: false,
    money: [{ currency: 'EUR', taken: 2400, completedOrders: 0, balanced: false }, {}],
    writtenOff: [
      {
        orderId,
        step: 'pay',
        participant: 'payment-service',
        amount: { amountMinor: 2400, currency: 'EUR' },
      },
    ],
  });
  holders.taken = 0;
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});

it('lists an order that was not cancelled, though no book shows it', async () => {
  const { holders, override } = createHolders();
  holders.isStanding = true;
  const orders = {
    ...override['order-service'],
    validate: async () => final,
    cancel: refused('no'),
  };
  const { audit, giveUp } = await start({ ...override, 'order-service': orders });
  const orderId = await giveUp('validate', 'cancelled by telephone');
  expect(await audit()).toMatchObject({
    balanced: false,
    writtenOff: [{ orderId, step: 'validate', participant: 'order-service' }],
  });
  holders.isStanding = false;
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});

it('goes on listing what its participant cannot be asked about', async () => {
  const { holders, override } = createDeclined();
  const { audit, giveUp } = await start(override);
  const orderId = await giveUp('reserve', 'they say no');
  holders.mugs = 0;
  holders.isAway = true;
  expect(await audit()).toMatchObject({
    balanced: false,
    unreachable: ['inventory-service'],
    writtenOff: [{ orderId, step: 'reserve' }],
  });
});

it('remembers what was written off after its order was pruned', async () => {
  const { holders, override } = createDeclined();
  const store = createMemoryStore();
  const change = { journal: createMemoryJournal(store), keepMs: 1 };
  const { audit, giveUp } = await start(override, change);
  const orderId = await giveUp('reserve', 'they say no');
  await expect.poll(() => store.runs.size).toBe(0);
  const writtenOff = [
    { orderId, step: 'reserve', participant: 'inventory-service', reason: 'they say no' },
  ];
  expect(await audit()).toMatchObject({ balanced: false, writtenOff });
  holders.mugs = 0;
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});

it('remembers it also of an order that nobody ever answered ok', async () => {
  const { holders, override } = createHolders();
  holders.isStanding = true;
  const orders = {
    ...override['order-service'],
    validate: async () => final,
    cancel: refused('no'),
  };
  const store = createMemoryStore();
  const change = { journal: createMemoryJournal(store), keepMs: 1 };
  const { audit, giveUp } = await start({ ...override, 'order-service': orders }, change);
  const orderId = await giveUp('validate', 'cancelled by telephone');
  await expect.poll(() => store.runs.size).toBe(0);
  expect(await audit()).toMatchObject({ writtenOff: [{ orderId, step: 'validate' }] });
});

it('has nothing to say of a notification that was written off', async () => {
  const { override } = createHolders();
  const { audit, client } = await start({
    ...override,
    'notification-service': { notify: async () => final },
    'inventory-service': {
      getStock: () => read({ products: [{ sku: 'mug', onHand: 9, free: 7, held: 2 }] }),
    },
    'payment-service': keepBooks(() => 2400),
  });
  const { body } = await client.post('/orders').set('prefer', 'wait=10').send(order);
  expect(body.degraded).toEqual(['notify']);
  const wish = { step: 'notify', reason: 'told by telephone' };
  await client.post(`/orders/${body.orderId}/skip`).send(wish).expect(202);
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});

it('judges the stock while a payment provider is away', async () => {
  const { holders, override } = createHolders();
  holders.mugs = 2;
  const { audit } = await start({ ...override, 'payment-service': {} });
  expect(await audit()).toMatchObject({
    balanced: false,
    unreachable: ['payment-service'],
    money: [],
    stock: [{ sku: 'mug', held: 2, heldByOrders: 0, balanced: false }],
  });
});
