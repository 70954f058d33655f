import type { Line } from '@baton/contracts';
import { inventoryOperations } from '@baton/contracts/inventory-service';
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
import { listStock } from './stock.ts';

const { reserve, release } = inventoryOperations;
const create = (path?: string) => createService(toQuietOptions('inventory-service', path));

describeFence({
  effect: reserve,
  undo: release,
  body: { lines: [{ sku: 'mug', quantity: 2 }] },
  otherBody: { lines: [{ sku: 'mug', quantity: 3 }] },
  refusal: { code: 'out-of-stock', body: { lines: [{ sku: 'first-edition', quantity: 1 }] } },
  create,
});

describe('inventory', () => {
  let service: ReturnType<typeof create>;
  beforeEach(() => {
    service = create();
  });
  afterEach(() => service.close());

  const post = (path: string, orderId: string, body: object) =>
    request(service.app)
      .post(path)
      .set('idempotency-key', `${orderId}:reserve`)
      .send({ orderId, ...body });
  const hold = (orderId: string, ...lines: readonly Line[]) => post('/reserve', orderId, { lines });
  const levelOf = async (sku: string) => {
    const { body } = await request(service.app).get('/stock').expect(200);
    return body.products.find((level: { sku: string }) => level.sku === sku);
  };

  it('holds what an order reserved and gives it back when released', async () => {
    await hold('ord_1', { sku: 'numbered-print', quantity: 2 }).expect(200);
    expect(await levelOf('numbered-print')).toEqual({
      sku: 'numbered-print',
      onHand: 5,
      free: 3,
      held: 2,
    });
    await post('/release', 'ord_1', {}).expect(200);
    expect(await levelOf('numbered-print')).toMatchObject({ free: 5, held: 0 });
  });

  it('shows what is held for one order, and nothing once it was released', async () => {
    const readHeld = (id: string) => request(service.app).get(`/reservations/${id}`);
    const lines = Array.from({ length: 2 }, () => ({ sku: 'mug', quantity: 1_000 }));
    await hold('ord_1', ...lines).expect(200);
    await hold('ord_12', { sku: 'teapot', quantity: 1 }).expect(200);
    const { body } = await readHeld('ord_1').expect(200);
    expect(body).toEqual({ orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 2_000 }] });
    await post('/release', 'ord_1', {}).expect(200);
    expect((await readHeld('ord_1').expect(404)).body.code).toBe('nothing-held');
  });

  it('sums lines of one product before it looks at the stock', async () => {
    const lines = [
      { sku: 'numbered-print', quantity: 3 },
      { sku: 'numbered-print', quantity: 3 },
    ];
    const { body } = await hold('ord_1', ...lines).expect(409);
    expect(body).toMatchObject({ code: 'out-of-stock', orderId: 'ord_1' });
    expect(await levelOf('numbered-print')).toMatchObject({ free: 5, held: 0 });
  });

  it('holds nothing when one line of several is short', async () => {
    const before = dumpTables(service.store);
    const lines = [
      { sku: 'mug', quantity: 1 },
      { sku: 'first-edition', quantity: 1 },
    ];
    await hold('ord_1', ...lines).expect(409);
    expect(dumpTables(service.store)).toEqual(before);
  });

  it('sells the last one once', async () => {
    const orders = ['ord_1', 'ord_2', 'ord_3'];
    const answers = await Promise.all(
      orders.map((id) => hold(id, { sku: 'numbered-print', quantity: 2 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 409]);
    expect(await levelOf('numbered-print')).toMatchObject({ free: 1, held: 4 });
  });

  it('refuses a product that it has never stocked', async () => {
    const { body } = await hold('ord_1', { sku: 'no-such', quantity: 1 }).expect(409);
    expect(body.code).toBe('unknown-sku');
  });

  it.each([
    { lines: [] },
    { lines: [{ sku: 'mug', quantity: 0 }] },
    { lines: [{ sku: 'mug', quantity: 1.5 }] },
    { lines: [{ sku: 'mug', quantity: 1, price: 0 }] },
  ])('stores nothing when the body is %j', async (body) => {
    const before = dumpTables(service.store);
    await post('/reserve', 'ord_1', body).expect(400);
    expect(dumpTables(service.store)).toEqual(before);
  });

  it('refuses by constraint whatever would make stock negative', () => {
    const take = service.store.db.prepare('UPDATE products SET free = free - 1 WHERE sku = ?');
    expect(() => take.run('first-edition')).toThrow(/CHECK constraint/);
  });

  it('answers the typed client as the contract says', async () => {
    const { url, close } = await listen(service.app);
    const client = createClient(inventoryOperations, { baseUrl: url });
    const signal = AbortSignal.timeout(60_000);
    const attempt = (orderId: string) => ({ key: `${orderId}:reserve`, number: 1, signal });
    const scarce = { orderId: 'ord_2', lines: [{ sku: 'first-edition', quantity: 1 }] };

    const held = await client.reserve(
      { orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 2 }] },
      attempt('ord_1'),
    );
    const refused = await client.reserve(scarce, attempt('ord_2'));
    const released = await client.release({ orderId: 'ord_1' }, attempt('ord_1'));
    const stock = await client.getStock({}, { signal });

    expect(held).toMatchObject({
      reply: 'ok',
      output: { orderId: 'ord_1', reservationId: 'res_1' },
    });
    expect(refused).toMatchObject({ reply: 'refused', code: 'out-of-stock' });
    expect(released).toMatchObject({ reply: 'ok', output: { orderId: 'ord_1' } });
    expect(stock).toMatchObject({ ok: true, status: 200 });
    await client.close();
    await close();
  });
});

const sku = fc.constantFrom('mug', 'numbered-print', 'first-edition');
const line = fc.record({ sku, quantity: fc.integer({ min: 1, max: 3 }) });
const body = fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 3 }) });

describe('stock under requests in any order', () => {
  it('is on hand = free + held, and held is what standing reservations hold', () =>
    checkRandomOrder({
      effect: reserve,
      undo: release,
      body,
      create,
      expectBooks: ({ store }, standing) => {
        for (const level of listStock(store.db)) {
          const held = standing
            .flatMap(({ lines }) => lines)
            .reduce((sum, l) => (l.sku === level.sku ? sum + l.quantity : sum), 0);
          expect(level.held).toBe(held);
          expect(level.onHand).toBe(level.free + level.held);
          expect(level.free).toBeGreaterThanOrEqual(0);
        }
      },
    }));
});
