/** An undo that the inventory does not make, on the real services: what is shown, and the three ways in which it ends. */
import { orchestratorOperations } from '@baton/contracts';
import { createOrchestrator } from '@baton/orchestrator';
import { toStatus } from '@baton/saga';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import type { Exchange } from '@baton/service-kit';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeServices, openServices, type Services } from './services.ts';
import { createWire, type Trouble } from './wire.ts';

const answer = (status: number): Exchange => ({
  kind: 'response',
  response: { status, headers: {}, text: '', receivedAtMs: 0 },
});
const order = {
  customerId: 'ada',
  lines: [{ sku: 'numbered-print', quantity: 2 }],
  payment: { method: 'card', token: 'tok_declined' },
};
const longestDelayMs = 30_000;

let services: Services;
let stop: () => Promise<void>;
/** What a release is answered instead of being made; null: it is made. */
let trouble: Exchange | null;
beforeEach(() => {
  trouble = answer(422);
});
afterEach(async () => {
  await stop();
  closeServices(services);
});

async function start() {
  const clock = createVirtualClock();
  services = openServices(null, clock.now);
  const act: Trouble = (call, deliver) =>
    call.name === 'inventory.release' && trouble ? Promise.resolve(trouble) : deliver();
  const { participants } = createWire(services, act, clock);
  const orchestrator = await createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    clock,
  });
  stop = orchestrator.stop;
  const client = request(orchestrator.app);
  const until = (id: string, status: string, untilMs?: number) =>
    clock.run(async () => {
      const run = await orchestrator.engine.read(id);
      return run !== undefined && toStatus(run.state) === status;
    }, untilMs);
  const read = async (id: string) =>
    orchestratorOperations.getOrder.replies[200].parse((await client.get(`/orders/${id}`)).body);
  const audit = async () =>
    orchestratorOperations.getAudit.replies[200].parse((await client.get('/audit')).body);
  const readHeld = async () => {
    const { stock } = await audit();
    return stock.find(({ sku }) => sku === 'numbered-print')?.held;
  };
  /** An order whose payment is declined, and that cannot be undone. */
  const placeStuck = async (): Promise<string> => {
    const { body } = await client.post('/orders').send(order).expect(202);
    await until(body.orderId, 'stuck');
    return body.orderId;
  };
  return { client, clock, participants, until, read, audit, readHeld, placeStuck };
}

it.each([
  ['says no for good', 422, 1],
  ['fails again and again', 503, 10],
])('names what is owed when the inventory %s', async (_case, status, attemptsMin) => {
  trouble = answer(status);
  const { read, readHeld, placeStuck } = await start();
  const seen = await read(await placeStuck());
  expect(seen).toMatchObject({
    status: 'stuck',
    outcome: { code: 'payment-declined', step: 'pay' },
    owed: ['reserve'],
    next: { what: expect.stringContaining('next try of the undo of reserve') },
  });
  expect(seen.steps[0]?.status).toBe('undone');
  const undos = seen.steps[1]?.attempts.filter(({ direction }) => direction === 'undo');
  expect(undos?.length).toBeGreaterThanOrEqual(attemptsMin);
  expect(await readHeld()).toBe(2);
});

it('is undone by itself once the inventory is well again', async () => {
  const { until, readHeld, placeStuck, audit } = await start();
  const orderId = await placeStuck();
  trouble = null;
  await until(orderId, 'compensated', longestDelayMs + 1_000);
  expect(await readHeld()).toBe(0);
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});

it('is undone at once when an operator asks for it', async () => {
  const { client, clock, until, readHeld, placeStuck } = await start();
  const orderId = await placeStuck();
  trouble = null;
  const before = clock.now();
  await client.post(`/orders/${orderId}/retry`).send({ reason: 'they have mended it' }).expect(202);
  await until(orderId, 'compensated', 1_000);
  expect(clock.now() - before).toBeLessThan(1_000);
  expect(await readHeld()).toBe(0);
});

it('ends without its undo when that is written off, and the audit says so until it is put right', async () => {
  const { client, participants, until, read, audit, placeStuck } = await start();
  const orderId = await placeStuck();
  const wish = { step: 'reserve', reason: 'they will do it by hand' };
  await client.post(`/orders/${orderId}/skip`).send(wish).expect(202);
  await until(orderId, 'compensated', 1_000);
  expect(await read(orderId)).toMatchObject({
    owed: [],
    writtenOff: [{ ...wish, direction: 'undo' }],
  });
  expect(await audit()).toMatchObject({
    balanced: false,
    openOrders: 0,
    writtenOff: [
      {
        orderId,
        ...wish,
        direction: 'undo',
        participant: 'inventory-service',
        lines: [{ sku: 'numbered-print', quantity: 2 }],
      },
    ],
  });

  trouble = null;
  const attempt = { key: `${orderId}:reserve`, number: 1, signal: AbortSignal.timeout(60_000) };
  await participants['inventory-service'].release({ orderId }, attempt);
  expect(await audit()).toMatchObject({ balanced: true, writtenOff: [] });
});
