/** What an order shows of itself while it waits at a breaker or for a permit: in the answer, and in its events. */
import { orchestratorOperations } from '@baton/contracts';
import { type Happening, replay, viewRun } from '@baton/saga';
import { listen } from '@baton/service-kit/testing';
import { expect, it, onTestFinished } from 'vitest';
import type { OrchestratorOptions } from '../orchestrator-options.ts';
import { createOrderSaga, createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createStandInOrchestrator, type Override } from '../testing/stand-in-orchestrator.ts';
import { createLinks } from './run-links.ts';
import { toRunView } from './run-view.ts';

const token = 'tok_seen_by_nobody';
const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token },
};

/** Behind a real port, on the real clock. */
async function start(override: Override, change: Partial<OrchestratorOptions>) {
  const orchestrator = await createStandInOrchestrator(override, change);
  const { url, close } = await listen(orchestrator.app);
  onTestFinished(async () => {
    await orchestrator.stop();
    await close();
  });
  const headers = { 'content-type': 'application/json' };
  const post = async (path: string, body: object) => {
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const said: Readonly<Record<string, unknown>> = Object(await answer.json());
    return said;
  };
  const place = async () =>
    orchestratorOperations.placeOrder.replies[202].parse(await post('/orders', order)).orderId;
  const look = async (orderId: string) => {
    const answer = await fetch(`${url}/orders/${orderId}`);
    return orchestratorOperations.getOrder.replies[200].parse(await answer.json());
  };
  /** What was streamed until an event of this type came. */
  const listenUntil = async (path: string, type: string): Promise<string> => {
    const stop = new AbortController();
    const answer = await fetch(url + path, { signal: stop.signal });
    let text = '';
    for await (const chunk of answer.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (new RegExp(`^event: ${type}$[^]*\n\n`, 'm').test(text)) break;
    }
    stop.abort();
    return text;
  };
  return { post, place, look, listenUntil };
}

it('says at whose breaker an order waits and when it is tried next, and then goes on', async () => {
  let isDown = true;
  const reserve = async ({ orderId }: { readonly orderId: string }) =>
    isDown
      ? { reply: 'unsent' as const, code: 'connection-refused' }
      : { reply: 'ok' as const, output: { orderId, reservationId: 'res_1' } };
  const breaker = { failuresMin: 1, firstDelayMs: 2_500 };
  const { place, look, listenUntil } = await start(
    { 'inventory-service': { reserve } },
    { breaker },
  );
  const orderId = await place();
  await expect.poll(async () => (await look(orderId)).steps[1]?.status).toBe('parked');
  const parked = await look(orderId);
  expect(parked.next?.what).toBe(
    'waiting for inventory-service (its breaker holds calls back), next try of reserve',
  );
  const nextMs = Date.parse(parked.next?.at ?? '');
  expect(nextMs).toBeGreaterThan(Date.parse(parked.steps[1]?.attempts[0]?.at ?? ''));
  expect(nextMs - Date.now()).toBeLessThanOrEqual(2_500);
  expect(parked).toMatchObject({ status: 'running', inFlight: null, owed: [] });
  // It was asked once, and waiting for the breaker is no attempt.
  expect(parked.steps[1]?.attempts).toHaveLength(1);

  isDown = false;
  const told = await listenUntil(`/orders/${orderId}/events`, 'completed');
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(parked.next?.at ?? ''));
  expect(told).toMatch(/^event: step-parked\ndata: .*"step":"reserve".*"code":"breaker-open"/m);
  expect((await look(orderId)).steps[1]?.status).toBe('done');
});

it('says that an order waits for a permit', async () => {
  const silence = Promise.withResolvers<{ reply: 'unsent'; code: string }>();
  const validate = () => silence.promise;
  const { place, look } = await start({ 'order-service': { validate } }, { callsMax: 1 });
  await place();
  const second = await place();
  await expect
    .poll(async () => (await look(second)).next?.what)
    .toBe('waiting for order-service (all its permits are taken), next try of validate');
  expect(Date.parse((await look(second)).next?.at ?? '')).toBeLessThan(Date.now() + 60_000);
  silence.resolve({ reply: 'unsent', code: 'connection-refused' });
});

it('streams what operators did with their reasons, and no secret', async () => {
  const { post, place, look, listenUntil } = await start(
    {
      'payment-service': { process: async () => ({ reply: 'refused', code: 'payment-declined' }) },
      'inventory-service': { release: async () => ({ reply: 'refused', code: 'too-late' }) },
    },
    {},
  );
  const orderId = await place();
  await expect.poll(async () => (await look(orderId)).status).toBe('stuck');
  await post(`/orders/${orderId}/retry`, { reason: 'they have mended it' });
  await expect.poll(async () => (await look(orderId)).status).toBe('stuck');
  const wish = { step: 'reserve', reason: 'they say no' };
  await expect
    .poll(async () => (await post(`/orders/${orderId}/skip`, wish)).status)
    .toBe('written-off');
  const told = await listenUntil(`/orders/${orderId}/events`, 'compensated');
  expect(told).toMatch(/^event: retry-requested\ndata: .*"reason":"they have mended it"/m);
  expect(told).toMatch(
    /^event: written-off\ndata: .*"step":"reserve","direction":"undo","reason":"they say no"/m,
  );
  expect(told).not.toContain(token);
  expect(told).not.toContain('reservationId');
});

it('shows nothing as coming before the last event, though the clock was set back', () => {
  const { participants } = createStandIns();
  const saga = createOrderSaga(participants);
  const { name, version, structure } = saga;
  const tried = { way: 'validate', attempt: 1, startedAt: 90_000, code: 'connection-reset' };
  const happenings: Happening[] = [
    { type: 'accepted', saga: name, version, structure, input: order, context: {} },
    { type: 'step-unknown', ...tried, retryAt: 5_000 },
    { type: 'quarantined', code: 'crashes', until: 6_000 },
  ];
  for (const count of [1, 2, 3]) {
    const events = happenings
      .slice(0, count)
      .map((what, i) => ({ ...what, seq: i + 1, at: 90_000 }));
    const run = viewRun(saga, { id: 'ord_1', state: replay(events), events }, 4_000);
    const workflow = createOrderWorkflow(participants);
    const { next } = toRunView(run, { workflow, toLinks: createLinks(undefined) });
    expect(next?.at).toBe('1970-01-01T00:01:30.000Z');
  }
});
