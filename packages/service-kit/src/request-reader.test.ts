import { orchestratorOperations } from '@baton/contracts';
import { expect, it } from 'vitest';
import { readRequest } from './request-reader.ts';

const { placeOrder, listOrders, cancelOrder, getOrder } = orchestratorOperations;
const matrixOrder = {
  customerId: 'customer-1',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};
const request = (parts: object) => ({
  headers: {},
  params: {},
  query: {},
  body: undefined,
  signal: new AbortController().signal,
  ...parts,
});
const pathsOf = (read: ReturnType<typeof readRequest>) =>
  read.ok ? [] : read.issues.map(({ path }) => path);

it('refuses __proto__ before any schema sees it', () => {
  const body = JSON.parse(JSON.stringify(matrixOrder).replace('"token"', '"__proto__":{},"token"'));
  expect(readRequest(placeOrder, request({ body }))).toEqual({
    ok: false,
    issues: [{ path: 'body.payment.__proto__', message: 'is not an allowed name' }],
  });
});

it('names the issues of every part together', () => {
  const headers = { 'idempotency-key': 'with a space' };
  const body = { ...matrixOrder, payment: { method: 'cash', token: '4111 1111 1111 1111' } };
  const read = readRequest(placeOrder, request({ headers, query: { x: '1' }, body }));
  expect(pathsOf(read)).toEqual([
    'query.x',
    'headers.idempotency-key',
    'body.payment.method',
    'body.payment.token',
  ]);
  // What was sent may be a card number: it is never sent back.
  expect(JSON.stringify(read)).not.toContain('4111');
});

it('fills in defaults and turns texts into numbers', () => {
  expect(readRequest(listOrders, request({ query: { limit: '7' } }))).toMatchObject({
    value: { query: { limit: 7 } },
  });
  expect(readRequest(listOrders, request({}))).toMatchObject({ value: { query: { limit: 50 } } });
});

it.each(['0', '101', '', 'ten', '1.5', ['1', '2']])('the limit %j is refused', (limit) => {
  expect(pathsOf(readRequest(listOrders, request({ query: { limit } })))).toEqual(['query.limit']);
});

it('takes an empty body where the contract has none, and nothing in it', () => {
  const params = { id: 'ord_1' };
  expect(readRequest(cancelOrder, request({ params })).ok).toBe(true);
  expect(readRequest(cancelOrder, request({ params, body: {} })).ok).toBe(true);
  const read = readRequest(cancelOrder, request({ params, body: { force: true } }));
  expect(pathsOf(read)).toEqual(['body.force']);
});

it('refuses an id of another shape', () => {
  const params = { id: '../ord_1' };
  expect(pathsOf(readRequest(getOrder, request({ params })))).toEqual(['params.id']);
});
