/** Degraded service, as those who watch an orchestrator see it: in the order, in metrics, in readiness. */
import { orchestratorOperations } from '@baton/contracts';
import { createStandIns } from '@baton/runtime/testing';
import { createMemoryJournal } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { createOrchestrator } from './app.ts';
import { createIdleProviders, keepBooks } from './testing/idle-providers.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};
const final = { reply: 'unknown' as const, code: 'status-422', retriable: false };

async function start(override: Parameters<typeof createStandIns>[0]) {
  const { participants, asked } = createStandIns(override);
  const orchestrator = await createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
  });
  onTestFinished(() => orchestrator.stop());
  const client = request(orchestrator.app);
  const place = async () => {
    const { body } = await client.post('/orders').set('prefer', 'wait=10').send(order);
    return orchestratorOperations.placeOrder.replies[200].parse(body);
  };
  const readMetric = async (name: string, label = '') => {
    const { text } = await client.get('/metrics');
    return text.split('\n').find((line) => line.startsWith(`${name}{${label}`));
  };
  return { client, asked, place, readMetric };
}

it('shows which provider was paid, and undoes the other one first', async () => {
  const { asked, place, readMetric } = await start({
    'payment-service': { process: async () => final },
  });
  const { orderId, status, steps, degraded } = await place();
  expect([status, degraded]).toEqual(['completed', []]);
  const pay = steps.find(({ name }) => name === 'pay');
  const ways = pay?.attempts.map(({ way, direction, reply }) => [way, direction, reply]);
  expect(ways).toEqual([
    ['first', 'forward', 'unknown'],
    ['first', 'undo', 'ok'],
    ['alternate', 'forward', 'ok'],
  ]);
  const calls = asked.map(({ operation, key }) => `${operation} ${key.replace(orderId, '')}`);
  expect(calls.slice(-3)).toEqual(['refund :pay', 'process :pay:alt', 'notify :notify']);
  expect(await readMetric('baton_alternates_chosen_total', 'step="pay"')).toMatch(/ 1$/);
});

it('tells the customer by SMS when no e-mail can be sent', async () => {
  const sent: string[] = [];
  const notify = async (body: {
    readonly orderId: string;
    readonly channel?: string | undefined;
  }) => {
    sent.push(String(body.channel));
    if (body.channel === 'email') return final;
    return { reply: 'ok' as const, output: { orderId: body.orderId, messageId: 'msg_1' } };
  };
  const { place, readMetric } = await start({ 'notification-service': { notify } });
  expect((await place()).degraded).toEqual([]);
  expect(sent).toEqual(['email', 'sms']);
  expect(await readMetric('baton_alternates_chosen_total', 'step="notify"')).toMatch(/ 1$/);
  expect(await readMetric('baton_steps_deferred_total')).toMatch(/ 0$/);
});

it('completes without a step that neither way can do, and counts it', async () => {
  const { place, readMetric } = await start({
    'notification-service': { notify: async () => final },
  });
  const { status, degraded } = await place();
  expect([status, degraded]).toEqual(['completed', ['notify']]);
  expect(await readMetric('baton_steps_deferred_total', 'step="notify"')).toMatch(/ 1$/);
});

it('says that its prices are stale', async () => {
  const { client, readMetric } = await start({});
  expect((await client.get('/health/ready')).body.checks.catalog).toBe('stale');
  expect(await readMetric('baton_catalog_stale')).toMatch(/ 1$/);
});

it('counts what every provider took and gave back in one set of books', async () => {
  const getStock = async () => ({
    ok: true as const,
    status: 200 as const,
    body: { products: [{ sku: 'mug', onHand: 9, free: 7, held: 2 }] },
  });
  const { client, place } = await start({
    ...createIdleProviders(),
    'payment-service': {
      process: async () => final,
      ...keepBooks(
        () => 2400,
        () => 2400,
      ),
    },
    'payment-alternate': keepBooks(() => 2400),
    'inventory-service': { getStock },
  });
  await place();
  const { body } = await client.get('/audit');
  expect(body).toMatchObject({ balanced: true, unreachable: [] });
  expect(body.money[0]).toMatchObject({ taken: 4800, givenBack: 2400, completedOrders: 2400 });
});

it('names the provider that the books could not ask', async () => {
  const { client } = await start({ ...createIdleProviders(), 'payment-alternate': {} });
  const { body } = await client.get('/audit');
  expect(body).toMatchObject({ balanced: false, money: [] });
  expect(body.unreachable).toEqual(['payment-alternate', 'inventory-service']);
});
