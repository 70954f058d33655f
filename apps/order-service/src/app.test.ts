import type { Line } from '@baton/contracts';
import { orderOperations } from '@baton/contracts/order-service';
import { createClient } from '@baton/service-kit';
import {
  checkRandomOrder,
  describeFence,
  dumpTables,
  listen,
  toQuietOptions,
} from '@baton/service-kit/testing';
import fc from 'fast-check';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createService } from './app.ts';

const { validate, cancel } = orderOperations;
const create = (path?: string) => createService(toQuietOptions('order-service', path));
const toOrder = (...lines: readonly Line[]) => ({ customerId: 'customer-1', lines });

describeFence({
  effect: validate,
  undo: cancel,
  body: toOrder({ sku: 'mug', quantity: 2 }),
  otherBody: toOrder({ sku: 'mug', quantity: 3 }),
  refusal: { code: 'unknown-sku', body: toOrder({ sku: 'no-such', quantity: 1 }) },
  create,
});

describe('orders', () => {
  let service: ReturnType<typeof create>;
  beforeEach(() => {
    service = create();
  });
  afterEach(() => service.close());

  const post = (path: string, orderId: string, body: object) =>
    request(service.app)
      .post(path)
      .set('idempotency-key', `${orderId}:validate`)
      .send({ orderId, ...body });
  const check = (...lines: readonly Line[]) => post('/validate', 'ord_1', toOrder(...lines));

  it('prices lines from the catalogue', async () => {
    const { body } = await check(
      { sku: 'mug', quantity: 2 },
      { sku: 'teapot', quantity: 1 },
      { sku: 'mug', quantity: 1 },
    ).expect(200);
    expect(body.total).toEqual({ amountMinor: 3 * 1_200 + 3_400, currency: 'EUR' });
  });

  it('takes no price from the client', async () => {
    const line = { sku: 'mug', quantity: 1, price: { amountMinor: 1, currency: 'EUR' } };
    const { body } = await check(line).expect(400);
    expect(body.issues).toEqual([{ path: 'body.lines[0].price', message: 'is not a known field' }]);
    expect(dumpTables(service.store).orders).toEqual([]);
  });

  it.each([
    ['unknown-sku', [{ sku: 'no-such', quantity: 1 }]],
    [
      'mixed-currency',
      [
        { sku: 'mug', quantity: 1 },
        { sku: 'travel-mug', quantity: 1 },
      ],
    ],
    ['total-too-large', [{ sku: 'numbered-print', quantity: 1_000 }]],
  ])('refuses with %s and stores no order', async (code, lines) => {
    const { body } = await check(...lines).expect(409);
    expect(body).toMatchObject({ code, orderId: 'ord_1' });
    expect(dumpTables(service.store).orders).toEqual([]);
  });

  it('accepts an order in dollars alone', async () => {
    const { body } = await check({ sku: 'travel-mug', quantity: 2 }).expect(200);
    expect(body.total).toEqual({ amountMinor: 3_800, currency: 'USD' });
  });

  it('shows an order, and that it was cancelled', async () => {
    const read = async () => (await request(service.app).get('/orders/ord_1')).body;
    await request(service.app).get('/orders/ord_1').expect(404);
    await check({ sku: 'mug', quantity: 2 }).expect(200);
    expect(await read()).toEqual({
      orderId: 'ord_1',
      customerId: 'customer-1',
      status: 'validated',
      lines: [{ sku: 'mug', quantity: 2 }],
      total: { amountMinor: 2_400, currency: 'EUR' },
    });
    await post('/cancel', 'ord_1', {}).expect(200);
    expect((await read()).status).toBe('cancelled');
  });

  it('answers the typed client as the contract says', async () => {
    const { url, close } = await listen(service.app);
    const client = createClient(orderOperations, { baseUrl: url });
    const signal = AbortSignal.timeout(60_000);
    const attempt = { key: 'ord_1:validate', number: 1, signal };
    const order = { orderId: 'ord_1', customerId: 'customer-1' };
    const lines = [{ sku: 'mug', quantity: 1 }];

    const priced = await client.validate({ ...order, lines }, attempt);
    const read = await client.getOrder({ params: { id: 'ord_1' } }, { signal });
    const missing = await client.getOrder({ params: { id: 'ord_2' } }, { signal });
    const cancelled = await client.cancel({ orderId: 'ord_1' }, attempt);
    const catalog = await client.getCatalog({}, { signal });

    const total = { amountMinor: 1_200, currency: 'EUR' };
    expect(priced).toMatchObject({ reply: 'ok', output: { orderId: 'ord_1', lines, total } });
    expect(read).toMatchObject({ ok: true, body: { ...order, lines, total } });
    expect(missing).toEqual({ ok: false, code: 'order-not-found', status: 404 });
    expect(cancelled).toMatchObject({ reply: 'ok', output: { orderId: 'ord_1' } });
    expect(catalog).toMatchObject({ ok: true, status: 200 });
    await client.close();
    await close();
  });
});

describe('orders under requests in any order', () => {
  it('stand exactly where their validation was not undone', () =>
    checkRandomOrder({
      effect: validate,
      undo: cancel,
      body: fc.constantFrom('mug', 'teapot', 'no-such').map((sku) => toOrder({ sku, quantity: 1 })),
      create,
      expectBooks: ({ store }, standing) => {
        const rows = store.db.prepare("SELECT 1 FROM orders WHERE status = 'validated'").all();
        expect(rows).toHaveLength(standing.length);
      },
    }));
});
