/**
 * A stranger's program for clients that openapi-typescript makes from the documents of a running system: it is compiled
 * beside them, then run with the addresses of both apps and the operators' token.
 */
import { deepStrictEqual } from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths as Orchestrator } from './orchestrator.ts';
import type { paths as PaymentService } from './payment-service.ts';

type Schemas = components['schemas'];
type Retry = Orchestrator['/orders/{id}/retry']['post'];
type Unauthorized = Retry['responses'][401]['content']['application/problem+json'];

const [orchestrator = '', payment = '', token = ''] = process.argv.slice(2);
const shop = createClient<Orchestrator>({ baseUrl: orchestrator });
const headers = { authorization: `Bearer ${token}` };
const operator = createClient<Orchestrator>({ baseUrl: orchestrator, headers });
const payments = createClient<PaymentService>({ baseUrl: payment });

const body: Schemas['PlaceOrder'] = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};
async function place(): Promise<Schemas['OrderId']> {
  const params = { header: { prefer: 'wait=30' } };
  const { data } = await shop.POST('/orders', { body, params });
  return data?.orderId ?? '';
}

const ids = [await place(), await place(), await place()];
const [first = '', second = ''] = ids;
const path = { id: first };
const order = await shop.GET('/orders/{id}', { params: { path } });
const read: Schemas['Order'] | undefined = order.data;
const paid: Schemas['MoneyReply'] = { amountMinor: 2_400, currency: 'EUR' };
deepStrictEqual([read?.status, read?.total], ['completed', paid]);

async function listIds(cursor?: Schemas['Cursor']): Promise<string[]> {
  const query = { limit: 1, ...(cursor && { cursor }) };
  const { data } = await shop.GET('/orders', { params: { query } });
  const listed = data?.orders.map(({ orderId }) => orderId) ?? [];
  return data?.nextCursor ? [...listed, ...(await listIds(data.nextCursor))] : listed;
}
deepStrictEqual(await listIds(), ids.toReversed());

const late: Schemas['Problem'] | undefined = (
  await shop.POST('/orders/{id}/cancel', { params: { path } })
).error;
deepStrictEqual([late?.status, late?.code], [409, 'already-settled']);

const wish = { params: { path }, body: { reason: 'to see' } };
const refused: Unauthorized | undefined = (await shop.POST('/orders/{id}/retry', wish)).error;
deepStrictEqual(refused?.code, 'unauthorized');
deepStrictEqual((await operator.POST('/orders/{id}/retry', wish)).error?.code, 'nothing-to-retry');
const target = { params: { path: { operation: 'payment.process' } } } as const;
const set = await operator.PUT('/faults/{operation}', { ...target, body: { kind: 'reset' } });
deepStrictEqual(set.data?.fault?.kind, 'reset');
deepStrictEqual((await operator.DELETE('/faults/{operation}', target)).data?.fault, null);

const held = await payments.GET('/payments/{id}', { params: { path: { id: second } } });
deepStrictEqual(
  held.data?.payments.map(({ amount }) => amount),
  [paid],
);
const header = { 'idempotency-key': 'ord_none:pay' };
const refund = await payments.POST('/refund', {
  params: { header },
  body: { orderId: 'ord_none' },
});
deepStrictEqual(refund.data, { orderId: 'ord_none' });
