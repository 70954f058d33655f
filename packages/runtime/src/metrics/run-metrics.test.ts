/** What a scrape says while a participant is away, an order is stuck, set aside or degraded, and when all is well again. */
import { orchestratorOperations } from '@baton/contracts';
import type { Reply } from '@baton/service-kit';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import type { OrchestratorOptions } from '../orchestrator-options.ts';
import { createStandInOrchestrator, type Override } from '../testing/stand-in-orchestrator.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};
const final = { reply: 'unknown' as const, code: 'status-422', retriable: false };

async function start(override: Override, change: Partial<OrchestratorOptions> = {}) {
  const orchestrator = await createStandInOrchestrator(override, change);
  onTestFinished(() => orchestrator.stop());
  const client = request(orchestrator.app);
  const place = async () => {
    const { body } = await client.post('/orders').send(order);
    return orchestratorOperations.placeOrder.replies[202].parse(body).orderId;
  };
  /** By participant where there is one. */
  const scrape = async (name: string): Promise<Record<string, number>> => {
    const { text } = await client.get('/metrics');
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    return Object.fromEntries(
      lines.map((line) => [
        /participant="([^"]+)"/.exec(line)?.[1] ?? 'all',
        Number(line.split(' ').at(-1)),
      ]),
    );
  };
  return { client, place, scrape };
}

it('follows a breaker from closed over open and probing to closed, with whoever is parked', async () => {
  const probe = Promise.withResolvers<Reply<{ orderId: string; reservationId: string }>>();
  let calls = 0;
  const reserve = async ({ orderId }: { readonly orderId: string }) => {
    calls += 1;
    if (calls === 2) return probe.promise;
    return calls === 1
      ? { reply: 'unsent' as const, code: 'connection-refused' }
      : { reply: 'ok' as const, output: { orderId, reservationId: 'res_1' } };
  };
  const breaker = { failuresMin: 1, firstDelayMs: 2_500 };
  const { place, scrape } = await start({ 'inventory-service': { reserve } }, { breaker });
  const read = async (name: string) => (await scrape(name))['inventory-service'];
  expect(await scrape('baton_breaker_state')).toEqual({});

  const orderId = await place();
  await expect.poll(() => read('baton_breaker_state')).toBe(2);
  await expect.poll(() => read('baton_orders_parked')).toBe(1);
  expect(await read('baton_breaker_openings_total')).toBe(1);
  expect((await scrape('baton_breaker_state'))['order-service']).toBe(0);

  await expect.poll(() => read('baton_breaker_state')).toBe(1);
  expect(await read('baton_calls_in_flight')).toBe(1);

  probe.resolve({ reply: 'ok', output: { orderId, reservationId: 'res_1' } });
  await expect.poll(() => read('baton_breaker_state')).toBe(0);
  expect(await read('baton_orders_parked')).toBe(0);
  expect(await read('baton_calls_in_flight')).toBe(0);
  expect(await read('baton_breaker_openings_total')).toBe(1);
});

it('counts an order that is stuck until an operator has ended it', async () => {
  const { client, place, scrape } = await start({
    'payment-service': { process: async () => ({ reply: 'refused', code: 'payment-declined' }) },
    'inventory-service': { release: async () => ({ reply: 'refused', code: 'too-late' }) },
  });
  expect(await scrape('baton_orders_stuck')).toEqual({ all: 0 });
  const orderId = await place();
  await expect.poll(() => scrape('baton_orders_stuck')).toEqual({ all: 1 });
  const wish = { step: 'reserve', reason: 'put right by hand' };
  await client.post(`/orders/${orderId}/skip`).send(wish).expect(202);
  await expect.poll(() => scrape('baton_orders_stuck')).toEqual({ all: 0 });
});

it('counts an order that is degraded until it was repaired', async () => {
  let isDown = true;
  const notify = async ({ orderId }: { readonly orderId: string }) =>
    isDown ? final : { reply: 'ok' as const, output: { orderId, messageId: 'msg_1' } };
  const { client, place, scrape } = await start({ 'notification-service': { notify } });
  const orderId = await place();
  await expect.poll(() => scrape('baton_orders_degraded')).toEqual({ all: 1 });
  isDown = false;
  const { status } = await client.post(`/orders/${orderId}/retry`).send({ reason: 'mail is back' });
  // 409 where its repair came first.
  expect([202, 409]).toContain(status);
  await expect.poll(() => scrape('baton_orders_degraded')).toEqual({ all: 0 });
});
