import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Alert, AlertDelivery } from '@baton/contracts';
import { orchestratorOperations } from '@baton/contracts';
import { createStandIns } from '@baton/runtime/testing';
import {
  createMemoryJournal,
  createMemoryStore,
  createVirtualClock,
  type VirtualClock,
} from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { afterEach, expect, it } from 'vitest';
import { createOrchestrator, type OrchestratorOptions } from './app.ts';
import { createIdleProviders, keepBooks } from './testing/idle-providers.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Override = Parameters<typeof createStandIns>[0];
type Change = Partial<OrchestratorOptions> & { readonly override?: Override };

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};

async function start({ override, ...change }: Change = {}) {
  const lines: string[] = [];
  const clock = createVirtualClock();
  const journal = createMemoryJournal();
  const { app, stop } = await createOrchestrator({
    journal,
    participants: createStandIns(override).participants,
    log: createLog('orchestrator', 'info', { write: (line) => lines.push(line) }),
    metrics: createMetrics('orchestrator'),
    clock,
    random: () => 0.5,
    ...change,
  });
  closing.push(stop);
  const client = request(app);
  let alerts: Alert[] = [];
  const read = async (): Promise<Alert[]> => {
    const { body } = await client.get('/alerts');
    alerts = orchestratorOperations.getAlerts.replies[200].parse(body).alerts;
    return alerts;
  };
  return { client, clock: change.clock ?? clock, journal, lines, stop, read };
}

/** Lets a second pass at a time until it is so. */
async function until(
  { clock }: { readonly clock: unknown },
  isSo: () => Promise<boolean>,
  seconds = 60,
): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    if (await isSo()) return;
    await pass(clock as VirtualClock, 1_000);
  }
  expect(await isSo()).toBe(true);
}

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  let isOver = false;
  clock.setTimer(ms, () => {
    isOver = true;
  });
  await clock.run(() => isOver);
}

async function receiveWebhook() {
  const deliveries: AlertDelivery[] = [];
  const server = createServer(async (incoming, response) => {
    deliveries.push(JSON.parse(await text(incoming)));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  return { deliveries, url: `http://127.0.0.1:${port}/` };
}

/** Down until it is told otherwise. */
function createInventory() {
  const inventory = { isDown: true };
  const reserve = async ({ orderId }: { readonly orderId: string }) =>
    inventory.isDown
      ? { reply: 'unsent' as const, code: 'connection-refused' }
      : { reply: 'ok' as const, output: { orderId, reservationId: 'res_1' } };
  return { inventory, override: { 'inventory-service': { reserve } } };
}
const touchy = { failuresMin: 1 };

it('tells of a participant that went down and came back, with what was done and what came of it', async () => {
  const { inventory, override } = createInventory();
  const { deliveries, url } = await receiveWebhook();
  const system = await start({ override, breaker: touchy, alertWebhookUrl: url });
  const { client, journal, lines, read } = system;
  await client.post('/orders').send(order);
  await until(system, async () => (await read()).length > 0);
  expect(await read()).toMatchObject([
    {
      rule: 'breaker-open',
      subject: 'inventory-service',
      status: 'open',
      action: expect.stringContaining('Its steps wait'),
      result: expect.stringContaining('next try at'),
    },
  ]);
  const { text: metrics } = await client.get('/metrics');
  expect(metrics).toMatch(/baton_alerts_open\{rule="breaker-open".*\} 1/);
  expect(metrics).toMatch(/baton_alerts_total\{rule="books-differ".*\} 0/);

  inventory.isDown = false;
  await until(system, async () => (await read())[0]?.status === 'resolved');
  const [alert] = await read();
  expect(alert?.result).toMatch(/^Closed after \d+ s; up to 1 orders went on$/);
  expect(journal.readNotices(9)).toMatchObject([
    { type: 'alert', alert: { id: alert?.id, result: alert?.result } },
    { type: 'alert', alert: { id: alert?.id, resolvedAt: null } },
  ]);
  await expect
    .poll(() => deliveries)
    .toMatchObject([
      { type: 'opened', alert: { id: alert?.id, status: 'open' } },
      { type: 'resolved', alert },
    ]);
  const logged = lines.map((line) => JSON.parse(line));
  expect(logged.filter(({ rule }) => rule)).toMatchObject([
    { level: 'warn', subject: 'inventory-service', action: alert?.action },
    { level: 'info', subject: 'inventory-service', result: alert?.result },
  ]);
  expect((await client.get('/metrics')).text).toMatch(
    /baton_alerts_open\{rule="breaker-open".*\} 0/,
  );
});

const isReady = { status: 'ready' as const, checks: {} };

it('ends the alert of a breaker that nobody needs once its participant answers', async () => {
  const { inventory, override } = createInventory();
  const ready = async () =>
    inventory.isDown
      ? { ok: false as const, code: 'connection-refused' }
      : { ok: true as const, status: 200 as const, body: isReady };
  const system = await start({
    override: { 'inventory-service': { ...override['inventory-service'], ready } },
    breaker: touchy,
  });
  const { client, read } = system;
  const { body } = await client.post('/orders').send(order);
  await until(system, async () => (await read()).length > 0);
  expect((await read())[0]?.message).toContain('(connection-refused)');
  await client.post(`/orders/${body.orderId}/cancel`);
  const isOpen = async () => (await read())[0]?.status === 'open';
  await pass(system.clock as VirtualClock, 120_000);
  expect(await isOpen()).toBe(true);
  const readState = async () => {
    const { text: metrics } = await client.get('/metrics');
    return /baton_breaker_state\{.*participant="inventory-service".*\} (\d)/.exec(metrics)?.[1];
  };
  expect(await readState()).toBe('2');
  inventory.isDown = false;
  await until(system, async () => !(await isOpen()), 20);
  expect((await read())[0]?.result).toMatch(/^It answers again after .* the next order probes it$/);
  expect(await readState()).toBe('3');
  const { participants } = (await client.get('/participants')).body;
  const fares = participants.find(({ name }: { name: string }) => name === 'inventory-service');
  expect(fares).toMatchObject({ answers: true, breaker: 'due', nextTryAt: null });
});

it('resolves what its predecessor opened', async () => {
  const store = createMemoryStore();
  const { inventory, override } = createInventory();
  const first = await start({ override, breaker: touchy, journal: createMemoryJournal(store) });
  await first.client.post('/orders').send(order);
  await until(first, async () => (await first.read()).length > 0);
  const [opened] = await first.read();
  await first.stop();
  inventory.isDown = false;
  const { clock } = first;
  const second = await start({ override, clock, journal: createMemoryJournal(store) });
  expect(await second.read()).toMatchObject([{ id: opened?.id, status: 'open' }]);
  await until(second, async () => (await second.read())[0]?.status === 'resolved');
  expect(await second.read()).toMatchObject([{ id: opened?.id }]);
});

it('tells of an order that stays stuck once, and leaves it open to a skip all the while', async () => {
  const inventory = {
    release: async () => ({ reply: 'unknown' as const, code: 'status-503', retriable: true }),
  };
  const payments = {
    process: async () => ({ reply: 'refused' as const, code: 'payment-declined' }),
  };
  const system = await start({
    override: { 'inventory-service': inventory, 'payment-service': payments },
    breaker: { failuresMin: 1_000_000 },
  });
  const { client, clock, journal, read } = system;
  const { body } = await client.post('/orders').send(order);
  const look = async () => (await client.get(`/orders/${body.orderId}`)).body.status;
  await until(system, async () => (await look()) === 'stuck', 400);
  for (let minute = 0; minute < 120; minute++) {
    await pass(clock as VirtualClock, 60_000);
    expect(await look()).toBe('stuck');
  }
  expect((await read()).filter(({ rule }) => rule === 'order-stuck')).toHaveLength(1);
  const events = journal.read(body.orderId)?.events ?? [];
  const retries = events.filter(({ type }) => type === 'retry-requested');
  expect(retries.length).toBeGreaterThan(2);
  expect(retries.length).toBeLessThan(6);
  const skip = { step: 'reserve', reason: 'put back by hand' };
  await client.post(`/orders/${body.orderId}/skip`).send(skip).expect(202);
});

it('has a stuck order tried again as soon as its participant answers', async () => {
  let isDown = true;
  const inventory = {
    release: async ({ orderId }: { readonly orderId: string }) =>
      isDown
        ? { reply: 'unknown' as const, code: 'status-503', retriable: true }
        : { reply: 'ok' as const, output: { orderId } },
    ready: async () =>
      isDown
        ? { ok: false as const, code: 'timed-out' }
        : { ok: true as const, status: 200 as const, body: isReady },
  };
  const payments = {
    process: async () => ({ reply: 'refused' as const, code: 'payment-declined' }),
  };
  const override = { 'inventory-service': inventory, 'payment-service': payments };
  const system = await start({ override, breaker: { failuresMin: 1_000 } });
  const { body } = await system.client.post('/orders').send(order);
  const look = async () => (await system.client.get(`/orders/${body.orderId}`)).body;
  await until(system, async () => (await system.read()).length > 0, 400);
  expect(await system.read()).toMatchObject([
    {
      rule: 'order-stuck',
      subject: body.orderId,
      message: expect.stringContaining('reserve'),
      commands: [
        expect.stringContaining(`/orders/${body.orderId}/retry -d`),
        expect.stringContaining(
          `/orders/${body.orderId}/skip -d '{"step":"reserve","reason":"why"}'`,
        ),
      ],
    },
  ]);
  isDown = false;
  await until(system, async () => (await look()).status === 'compensated', 12);
  const events = system.journal.read(body.orderId)?.events ?? [];
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'retry-requested',
      by: 'watchdog',
    }),
  );
  await until(system, async () => (await system.read())[0]?.status === 'resolved');
  expect(await system.read()).toMatchObject([
    { result: expect.stringContaining('It is compensated') },
  ]);
});

function books(taken: () => number, incarnation = () => 'one') {
  const getStock = async () => ({
    ok: true as const,
    status: 200 as const,
    body: { products: [] },
  });
  return {
    ...createIdleProviders(),
    'payment-service': { incarnation, ...keepBooks(taken) },
    'inventory-service': { getStock },
  };
}

it('audits when the data of a participant is another than before', async () => {
  let incarnation = 'one';
  const override = books(
    () => 0,
    () => incarnation,
  );
  const system = await start({ override });
  await pass(system.clock as VirtualClock, 5_000);
  expect(await system.read()).toEqual([]);
  incarnation = 'two';
  await until(system, async () => (await system.read())[0]?.status === 'resolved', 9);
  expect(await system.read()).toMatchObject([
    { rule: 'data-changed', subject: 'payment-service', result: 'Audited: the books balance' },
  ]);
});

it('notices that data changed while it was not running', async () => {
  const store = createMemoryStore();
  const zero = (): number => 0;
  const first = await start({
    override: books(zero, () => 'one'),
    journal: createMemoryJournal(store),
  });
  await pass(first.clock as VirtualClock, 2_000);
  await first.stop();
  const override = books(zero, () => 'two');
  const second = await start({ override, journal: createMemoryJournal(store) });
  await until(second, async () => (await second.read()).length > 0, 9);
  expect(await second.read()).toMatchObject([{ rule: 'data-changed' }]);
});

it('audits anew what its predecessor could not audit any more', async () => {
  const store = createMemoryStore();
  let incarnation = 'one';
  const balanced = books(
    () => 0,
    () => incarnation,
  );
  const unreachable = { ...balanced, 'payment-alternate': {} };
  const first = await start({ override: unreachable, journal: createMemoryJournal(store) });
  await pass(first.clock as VirtualClock, 2_000);
  incarnation = 'two';
  await until(first, async () => (await first.read()).length > 0, 9);
  await first.stop();
  const override = balanced;
  const second = await start({ override, clock: first.clock, journal: createMemoryJournal(store) });
  expect(await second.read()).toMatchObject([{ rule: 'data-changed', status: 'open' }]);
  await until(second, async () => (await second.read())[0]?.status === 'resolved', 9);
});

it('alarms books that two audits found out of balance, and not one', async () => {
  let taken = 100;
  const system = await start({ override: books(() => taken) });
  await pass(system.clock as VirtualClock, 302_000);
  expect(await system.read()).toEqual([]);
  await until(system, async () => (await system.read()).length > 0, 9);
  expect(await system.read()).toMatchObject([
    { rule: 'books-differ', message: expect.stringContaining('EUR: 100 taken') },
  ]);
  taken = 0;
  await until(system, async () => (await system.read())[0]?.status === 'resolved', 400);
});

it('misses a standby that was there, not one that never was', async () => {
  let hasStandby = false;
  const journal = { ...createMemoryJournal(), hasStandby: () => hasStandby };
  const system = await start({ journal });
  await pass(system.clock as VirtualClock, 20_000);
  expect(await system.read()).toEqual([]);
  hasStandby = true;
  await pass(system.clock as VirtualClock, 2_000);
  hasStandby = false;
  await pass(system.clock as VirtualClock, 4_000);
  expect(await system.read()).toEqual([]);
  await until(system, async () => (await system.read()).length > 0, 9);
  hasStandby = true;
  await until(system, async () => (await system.read())[0]?.status === 'resolved', 9);
});

it('shows open alerts before resolved ones, and no more than asked for', async () => {
  let hasStandby = true;
  const { inventory, override } = createInventory();
  inventory.isDown = false;
  const journal = { ...createMemoryJournal(), hasStandby: () => hasStandby };
  const system = await start({ override, journal, breaker: touchy });
  await pass(system.clock as VirtualClock, 2_000);
  hasStandby = false;
  await until(system, async () => (await system.read()).length > 0, 9);
  inventory.isDown = true;
  await system.client.post('/orders').send(order);
  await until(system, async () => (await system.read()).length > 1);
  hasStandby = true;
  await until(system, async () => (await system.read())[1]?.status === 'resolved', 9);
  const shown = (await system.read()).map(({ rule, status }) => [rule, status]);
  expect(shown).toEqual([
    ['breaker-open', 'open'],
    ['standby-lost', 'resolved'],
  ]);
  expect((await system.client.get('/alerts?limit=1')).body.alerts).toHaveLength(1);
  expect((await system.client.get('/alerts?limit=0')).status).toBe(400);
});

it('shows how each participant fares', async () => {
  const { override } = createInventory();
  const system = await start({
    override: { ...override, 'payment-service': { incarnation: () => 'one' } },
    breaker: touchy,
  });
  const { client } = system;
  await client.post('/orders').send(order);
  await until(system, async () => (await system.read()).length > 0);
  const { body } = await client.get('/participants');
  const { participants } = orchestratorOperations.getParticipants.replies[200].parse(body);
  expect(participants.map(({ name }) => name)).toContain('payment-alternate');
  expect(participants.find(({ name }) => name === 'payment-service')).toMatchObject({
    answers: false,
    breaker: 'closed',
    incarnation: 'one',
  });
  expect(participants.find(({ name }) => name === 'inventory-service')).toMatchObject({
    breaker: expect.stringMatching(/open|probing/),
    nextTryAt: expect.any(String),
    openings: 1,
    parked: 1,
  });
});

it('goes on looking after a failure of its own', async () => {
  let hasFailed = false;
  const journal = {
    ...createMemoryJournal(),
    hasStandby: () => {
      if (hasFailed) return false;
      hasFailed = true;
      throw new Error('no such luck');
    },
  };
  const { override } = createInventory();
  const system = await start({ journal, override, breaker: touchy });
  await system.client.post('/orders').send(order);
  await until(system, async () => (await system.read()).length > 0);
  expect(system.lines.join('')).toContain('the watchdog failed');
});
