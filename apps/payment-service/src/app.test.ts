import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paymentOperations } from '@baton/contracts/payment-service';
import { createClient } from '@baton/service-kit';
import {
  checkRandomOrder,
  describeFence,
  dumpTables,
  listen,
  toQuietOptions,
} from '@baton/service-kit/testing';
import { createLog } from '@baton/telemetry';
import fc from 'fast-check';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createService } from './app.ts';
import { listTotals } from './payments.ts';

const { process: processPayment, refund } = paymentOperations;
const create = (path?: string) => createService(toQuietOptions('payment-service', path));
const toCharge = (amountMinor: number, currency = 'EUR', token = 'tok_ok') => ({
  amount: { amountMinor, currency },
  method: 'card',
  token,
});

describeFence({
  effect: processPayment,
  undo: refund,
  body: toCharge(2_400),
  otherBody: toCharge(2_401),
  refusal: { code: 'payment-declined', body: toCharge(2_400, 'EUR', 'tok_declined') },
  create,
});

describe('payments', () => {
  let service: ReturnType<typeof create>;
  beforeEach(() => {
    service = create();
  });
  afterEach(() => service.close());

  const post = (path: string, orderId: string, body: object) =>
    request(service.app)
      .post(path)
      .set('idempotency-key', `${orderId}:pay`)
      .send({ orderId, ...body });
  const pay = (orderId: string, charge: object) => post('/process', orderId, charge);
  const read = async (query = '') =>
    (await request(service.app).get(`/payments${query}`).expect(200)).body;

  it('adds up what was taken and given back, each currency for itself', async () => {
    await pay('ord_1', toCharge(100)).expect(200);
    await pay('ord_2', toCharge(250)).expect(200);
    await pay('ord_3', toCharge(900, 'USD')).expect(200);
    await post('/refund', 'ord_1', {}).expect(200);
    const { totals, payments } = await read();
    expect(totals).toEqual([
      { currency: 'EUR', taken: 350, givenBack: 100 },
      { currency: 'USD', taken: 900, givenBack: 0 },
    ]);
    expect(payments.map((p: { status: string }) => p.status)).toEqual([
      'taken',
      'taken',
      'given-back',
    ]);
  });

  it.each(['tok_declined', 'tok_stolen', 'tok_ok_'])(
    'takes nothing when the token is %s',
    async (token) => {
      const { body } = await pay('ord_1', toCharge(100, 'EUR', token)).expect(409);
      expect(body).toMatchObject({ code: 'payment-declined', orderId: 'ord_1' });
      expect(await read()).toEqual({ totals: [], payments: [], nextCursor: null });
    },
  );

  it('declines an amount so large that totals would no longer be exact', async () => {
    await pay('ord_1', toCharge(Number.MAX_SAFE_INTEGER)).expect(409);
    await pay('ord_2', toCharge(Number.MAX_SAFE_INTEGER)).expect(409);
    expect((await read()).totals).toEqual([]);
  });

  it.each([toCharge(-1), toCharge(0.5), toCharge(100, 'GBP'), { ...toCharge(100), price: 1 }])(
    'stores nothing when the charge is %j',
    async (charge) => {
      const before = dumpTables(service.store);
      await pay('ord_1', charge).expect(400);
      expect(dumpTables(service.store)).toEqual(before);
    },
  );

  it('shows what one order has paid, and nothing of one whose id only begins like it', async () => {
    for (const id of ['ord_1', 'ord_12', 'ord_1-b']) await pay(id, toCharge(100)).expect(200);
    await post('/refund', 'ord_12', {}).expect(200);
    const readOf = async (id: string) => (await read(`/${id}`)).payments;
    expect(await readOf('ord_1')).toMatchObject([{ orderId: 'ord_1', status: 'taken' }]);
    expect(await readOf('ord_12')).toMatchObject([{ orderId: 'ord_12', status: 'given-back' }]);
    expect(await readOf('ord_2')).toEqual([]);
  });

  it('shows every payment once over its pages', async () => {
    for (const n of [1, 2, 3]) await pay(`ord_${n}`, toCharge(n)).expect(200);
    const first = await read('?limit=2');
    const second = await read(`?limit=2&cursor=${first.nextCursor}`);
    expect([...first.payments, ...second.payments].map((p) => p.orderId)).toEqual([
      'ord_3',
      'ord_2',
      'ord_1',
    ]);
    expect(second.nextCursor).toBeNull();
    await request(service.app).get('/payments?cursor=x').expect(400);
  });

  it('answers the typed client as the contract says', async () => {
    const { url, close } = await listen(service.app);
    const client = createClient(paymentOperations, { baseUrl: url });
    const signal = AbortSignal.timeout(60_000);
    const attempt = (orderId: string) => ({ key: `${orderId}:pay`, number: 1, signal });
    const charge = {
      amount: { amountMinor: 100, currency: 'EUR' },
      method: 'card',
      token: 'tok_ok',
    } as const;

    const taken = await client.process({ orderId: 'ord_1', ...charge }, attempt('ord_1'));
    const declined = await client.process(
      { orderId: 'ord_2', ...charge, token: 'tok_declined' },
      attempt('ord_2'),
    );
    const refunded = await client.refund({ orderId: 'ord_1' }, attempt('ord_1'));
    const late = await client.process({ orderId: 'ord_1', ...charge }, attempt('ord_1'));
    const payments = await client.getPayments({}, { signal });

    expect(taken).toMatchObject({ reply: 'ok', output: { orderId: 'ord_1', paymentId: 'pay_1' } });
    expect(declined).toMatchObject({ reply: 'refused', code: 'payment-declined' });
    expect(refunded).toMatchObject({ reply: 'ok', output: { orderId: 'ord_1' } });
    expect(late).toMatchObject({ reply: 'refused', code: 'fenced' });
    expect(payments).toMatchObject({ ok: true, status: 200 });
    await client.close();
    await close();
  });
});

describe('a token', () => {
  it('is in no file and in no log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-payment-'));
    const lines: string[] = [];
    const service = createService({
      ...toQuietOptions('payment-service', join(folder, 'payment-service.sqlite')),
      log: createLog('payment-service', 'trace', { write: (line) => void lines.push(line) }),
    });
    const post = (orderId: string, token: string) =>
      request(service.app)
        .post('/process')
        .set('idempotency-key', `${orderId}:pay`)
        .send({ orderId, ...toCharge(100, 'EUR', token) });
    await post('ord_1', 'tok_ok').expect(200);
    await post('ord_2', 'tok_declined').expect(409);
    await post('ord_3', 'tok_').expect(400);

    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    expect(files.join('')).toContain('ord_1:pay');
    expect(files.join('') + lines.join('')).not.toContain('tok_');
    service.close();
    rmSync(folder, { recursive: true });
  });
});

const charge = fc.record({
  amount: fc.record({
    amountMinor: fc.integer({ min: 0, max: 3 }),
    currency: fc.constantFrom('EUR', 'USD'),
  }),
  method: fc.constant('card'),
  token: fc.constantFrom('tok_ok', 'tok_declined'),
});

describe('money under requests in any order', () => {
  it('is taken minus given back = what standing payments are worth', () =>
    checkRandomOrder({
      effect: processPayment,
      undo: refund,
      body: charge,
      create,
      expectBooks: ({ store }, standing) => {
        for (const { currency, taken, givenBack } of listTotals(store.db)) {
          const worth = standing
            .map(({ amount }) => amount)
            .reduce((sum, a) => (a.currency === currency ? sum + a.amountMinor : sum), 0);
          expect(taken - givenBack).toBe(worth);
          expect(givenBack).toBeGreaterThanOrEqual(0);
        }
        const currencies = listTotals(store.db).map(({ currency }) => currency);
        expect(currencies).toEqual(
          expect.arrayContaining(standing.map(({ amount }) => amount.currency)),
        );
      },
    }));
});
