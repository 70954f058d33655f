/** What operators may do, through HTTP: each wish, each refusal, and what is shown of it afterwards. */
import { operatorOperations, orchestratorOperations } from '@baton/contracts';
import { createMemoryJournal, createMemoryStore } from '@baton/saga/testing';
import type { Reply } from '@baton/service-kit';
import request from 'supertest';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { OrchestratorOptions } from '../orchestrator-options.ts';
import { createStandInOrchestrator, type Override } from '../testing/stand-in-orchestrator.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};
const declined = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
const final = { reply: 'unknown' as const, code: 'status-422', retriable: false };

/** What nobody answers before the test is over: who stops an orchestrator waits for what is in flight. */
let silence: PromiseWithResolvers<typeof final>;
beforeEach(() => {
  silence = Promise.withResolvers();
});
afterEach(() => silence.resolve(final));

interface Scene {
  /** What a release is answered, until it is changed. */
  release: (orderId: string) => Promise<Reply<{ orderId: string }>>;
}
const refuse: Scene['release'] = async () => ({ reply: 'refused', code: 'too-late' });
const heal: Scene['release'] = async (orderId) => ({ reply: 'ok', output: { orderId } });

async function start(override: Override = {}, change: Partial<OrchestratorOptions> = {}) {
  const orchestrator = await createStandInOrchestrator(override, change);
  onTestFinished(() => orchestrator.stop());
  const client = request(orchestrator.app);
  const look = async (orderId: string) => {
    const { body } = await client.get(`/orders/${orderId}`).expect(200);
    return orchestratorOperations.getOrder.replies[200].parse(body);
  };
  const place = async (): Promise<string> =>
    (await client.post('/orders').send(order)).body.orderId;
  const act = (orderId: string, wish: 'retry' | 'skip', body: object) =>
    client.post(`/orders/${orderId}/${wish}`).send(body);
  return { client, look, place, act, engine: orchestrator.engine };
}

/** An order whose payment was declined, and whose stock the inventory does not take back. */
async function startStuck(change: Partial<OrchestratorOptions> = {}) {
  const scene: Scene = { release: refuse };
  const inventory = {
    release: ({ orderId }: { readonly orderId: string }) => scene.release(orderId),
  };
  const system = await start(
    { 'inventory-service': inventory, 'payment-service': { process: declined } },
    change,
  );
  const orderId = await system.place();
  await expect.poll(async () => (await system.look(orderId)).status).toBe('stuck');
  return { ...system, scene, orderId };
}

it('names what a stuck order owes, and undoes it at once when an operator asks for a retry', async () => {
  const { look, act, scene, orderId } = await startStuck();
  expect(await look(orderId)).toMatchObject({
    status: 'stuck',
    outcome: { code: 'payment-declined', step: 'pay' },
    owed: ['reserve'],
    next: { what: expect.stringContaining('next try of the undo of reserve') },
  });
  scene.release = heal;
  const answer = await act(orderId, 'retry', { reason: 'they have mended it' });
  expect([answer.status, answer.body]).toEqual([202, { orderId, status: 'retry-requested' }]);
  expect(() => operatorOperations.retryOrder.replies[202].parse(answer.body)).not.toThrow();
  await expect.poll(async () => (await look(orderId)).status).toBe('compensated');
  expect(await look(orderId)).toMatchObject({ owed: [], writtenOff: [] });
});

it('ends a stuck order whose undo is written off, and shows who gave up what', async () => {
  const { client, look, act, orderId } = await startStuck();
  const reason = 'put right by hand';
  const answer = await act(orderId, 'skip', { step: 'reserve', reason });
  expect([answer.status, answer.body]).toEqual([202, { orderId, status: 'written-off' }]);
  await expect.poll(async () => (await look(orderId)).status).toBe('compensated');
  const seen = await look(orderId);
  expect(seen).toMatchObject({
    owed: [],
    writtenOff: [{ step: 'reserve', direction: 'undo', reason }],
  });
  expect(seen.steps.map(({ status }) => status)).toEqual([
    'undone',
    'written-off',
    'refused',
    'skipped',
  ]);
  const { body } = await client.get('/orders?status=stuck');
  expect(body.orders).toEqual([]);
});

it('writes off a notification that cannot be sent, after which nothing is missed', async () => {
  const { look, place, act } = await start({
    'notification-service': { notify: async () => final },
  });
  const orderId = await place();
  await expect.poll(async () => (await look(orderId)).degraded).toEqual(['notify']);
  const reason = 'told by telephone';
  expect((await act(orderId, 'skip', { step: 'notify', reason })).status).toBe(202);
  const seen = await look(orderId);
  expect(seen).toMatchObject({
    status: 'completed',
    degraded: [],
    writtenOff: [{ step: 'notify', direction: 'forward', reason }],
    next: null,
  });
  expect(seen.steps[3]?.status).toBe('written-off');
  const again = await act(orderId, 'retry', { reason: 'after all' });
  expect([again.status, again.body.code]).toEqual([409, 'nothing-to-retry']);
});

it.each([
  ['retry', { reason: 'why not' }],
  ['skip', { step: 'notify', reason: 'why not' }],
] as const)('knows no order to %s that nobody has placed', async (wish, body) => {
  const { act } = await start();
  const answer = await act('ord_nobody', wish, body);
  expect([answer.status, answer.body.code]).toEqual([404, 'order-not-found']);
});

it.each([
  ['retry', 'nothing-to-retry', { reason: 'why not' }],
  ['skip', 'nothing-to-skip', { step: 'notify', reason: 'why not' }],
  ['skip', 'nothing-to-skip', { step: 'pay', reason: 'why not' }],
  ['skip', 'nothing-to-skip', { step: 'no-such-step', reason: 'why not' }],
] as const)('has nothing to %s in an order that ended whole: %s', async (wish, code, body) => {
  const { look, place, act } = await start();
  const orderId = await place();
  await expect.poll(async () => (await look(orderId)).status).toBe('completed');
  const answer = await act(orderId, wish, body);
  expect([answer.status, answer.body.code]).toEqual([409, code]);
  expect(answer.headers['content-type']).toContain('application/problem+json');
});

it('skips no undo that goes on by itself', async () => {
  const release = async () => ({ reply: 'unknown' as const, code: 'status-503', retriable: true });
  const { look, place, act } = await start({
    'payment-service': { process: declined },
    'inventory-service': { release },
  });
  const orderId = await place();
  await expect.poll(async () => (await look(orderId)).owed).toEqual(['reserve']);
  const answer = await act(orderId, 'skip', { step: 'reserve', reason: 'impatient' });
  expect([answer.status, answer.body.code]).toEqual([409, 'nothing-to-skip']);
});

it('skips nothing whose answer is still awaited', async () => {
  const { look, act, scene, orderId } = await startStuck();
  scene.release = () => silence.promise;
  await act(orderId, 'retry', { reason: 'once more' });
  await expect.poll(async () => (await look(orderId)).inFlight?.step).toBe('reserve');
  const answer = await act(orderId, 'skip', { step: 'reserve', reason: 'enough' });
  expect([answer.status, answer.body.code]).toEqual([409, 'in-flight']);
});

/** The process ended in this order's call as often as one order may have it. */
async function startQuarantined() {
  let store = createMemoryStore();
  let placed: string | undefined;
  for (let ends = 0; ends < 5; ends++) {
    const reserve = () => silence.promise;
    const life = await start(
      { 'inventory-service': { reserve } },
      { journal: createMemoryJournal(store) },
    );
    const orderId = placed ?? (await life.place());
    placed = orderId;
    await expect.poll(async () => (await life.look(orderId)).inFlight?.step).toBe('reserve');
    // Its time-out belongs to a process that is gone.
    store = structuredClone(store);
  }
  const system = await start({}, { journal: createMemoryJournal(store) });
  return { ...system, orderId: placed ?? '' };
}

it('sets an order aside that ended its orchestrator again and again, until it is tried again or an operator retries it', async () => {
  const { client, look, act, orderId } = await startQuarantined();
  expect(await look(orderId)).toMatchObject({
    status: 'stuck',
    quarantined: true,
    inFlight: null,
    next: { what: 'set aside, then tried again alone' },
  });
  const { text: metrics } = await client.get('/metrics');
  expect(metrics).toMatch(/^baton_orders_stuck\{.*\} 1$/m);
  const skipped = await act(orderId, 'skip', { step: 'notify', reason: 'why not' });
  expect([skipped.status, skipped.body.code]).toEqual([409, 'quarantined']);
  const answer = await act(orderId, 'retry', { reason: 'the bug is mended' });
  expect(answer.status).toBe(202);
  await expect.poll(async () => (await look(orderId)).status).toBe('completed');
  expect((await look(orderId)).quarantined).toBe(false);
});

it.each([
  ['retry', {}, 'reason'],
  ['retry', { reason: '   ' }, 'reason'],
  ['retry', { reason: 'r'.repeat(501) }, 'reason'],
  ['retry', { reason: 'r', step: 'pay' }, 'step'],
  ['skip', { reason: 'r' }, 'step'],
  ['skip', { step: 'pay:alt', reason: 'r' }, 'step'],
  ['skip', { step: 'pay' }, 'reason'],
] as const)('refuses to %s on %j, and names the field', async (wish, body, field) => {
  const { act, look, orderId } = await startStuck();
  const answer = await act(orderId, wish, body);
  expect([answer.status, answer.body.code]).toEqual([400, 'bad-request']);
  expect(JSON.stringify(answer.body)).toContain(field);
  expect((await look(orderId)).status).toBe('stuck');
});

it('acts for nobody without the token, and says so before it says whether there is such an order', async () => {
  const { client, look, orderId } = await startStuck({ operatorToken: 'open-sesame' });
  const send = (id: string, wish: string, token?: string) => {
    const sent = client.post(`/orders/${id}/${wish}`).send({ step: 'reserve', reason: 'r' });
    return token === undefined ? sent : sent.set('authorization', token);
  };
  for (const token of [undefined, 'open-sesame', 'Bearer open-says-me', 'Bearer ']) {
    for (const [id, wish] of [
      [orderId, 'skip'],
      [orderId, 'retry'],
      ['ord_nobody', 'retry'],
    ] as const) {
      const answer = await send(id, wish, token);
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
    }
  }
  expect((await look(orderId)).status).toBe('stuck');
  expect((await send(orderId, 'skip', 'Bearer open-sesame')).status).toBe(202);
});
