import { expect, it } from 'vitest';
import { createOrderId, toFingerprint } from './order-id.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};

it('is another one each time without a key', () => {
  expect(createOrderId('ada', undefined)).toMatch(/^ord_[0-9a-f]{32}$/);
  expect(createOrderId('ada', undefined)).not.toBe(createOrderId('ada', undefined));
});

it('is the same for the same customer and key, and for no others', () => {
  const id = createOrderId('ada', 'k1');
  expect(id).toMatch(/^ord_[0-9a-f]{32}$/);
  expect(createOrderId('ada', 'k1')).toBe(id);
  expect(createOrderId('ada', 'k2')).not.toBe(id);
  expect(createOrderId('bob', 'k1')).not.toBe(id);
});

it('keeps customer and key apart where they run together', () => {
  expect(createOrderId('ab', 'c')).not.toBe(createOrderId('a', 'bc'));
});

it.each([
  ['another customer', { ...order, customerId: 'bob' }],
  ['another quantity', { ...order, lines: [{ sku: 'mug', quantity: 3 }] }],
  ['another product', { ...order, lines: [{ sku: 'teapot', quantity: 2 }] }],
  ['another line', { ...order, lines: [...order.lines, ...order.lines] }],
  ['another token', { ...order, payment: { method: 'card' as const, token: 'tok_other' } }],
])('has another fingerprint with %s', (_what, other) => {
  expect(toFingerprint(other)).not.toBe(toFingerprint(order));
  expect(toFingerprint({ ...order })).toBe(toFingerprint(order));
});
