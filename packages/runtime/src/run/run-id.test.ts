import { expect, it } from 'vitest';
import { createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createRunId, toFingerprint } from './run-id.ts';

const workflow = createOrderWorkflow(createStandIns().participants);

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};

const createId = (customerId: string, key: string | undefined) =>
  createRunId(workflow, { ...order, customerId }, key);

it('is another one each time without a key', () => {
  expect(createId('ada', undefined)).toMatch(/^ord_[0-9a-f]{32}$/);
  expect(createId('ada', undefined)).not.toBe(createId('ada', undefined));
});

it('is the same for the same customer and key, and for no others', () => {
  const id = createId('ada', 'k1');
  expect(id).toMatch(/^ord_[0-9a-f]{32}$/);
  expect(createId('ada', 'k1')).toBe(id);
  expect(createId('ada', 'k2')).not.toBe(id);
  expect(createId('bob', 'k1')).not.toBe(id);
});

it('keeps customer and key apart where they run together', () => {
  expect(createId('ab', 'c')).not.toBe(createId('a', 'bc'));
});

it.each([
  ['another customer', { ...order, customerId: 'bob' }],
  ['another quantity', { ...order, lines: [{ sku: 'mug', quantity: 3 }] }],
  ['another product', { ...order, lines: [{ sku: 'teapot', quantity: 2 }] }],
  ['another line', { ...order, lines: [...order.lines, ...order.lines] }],
  ['another token', { ...order, payment: { method: 'card' as const, token: 'tok_other' } }],
])('has another fingerprint with %s', (_what, other) => {
  expect(toFingerprint(workflow, other)).not.toBe(toFingerprint(workflow, order));
  expect(toFingerprint(workflow, { ...order })).toBe(toFingerprint(workflow, order));
});

it('has the fingerprint of its JSON where the workflow does not say what counts', () => {
  const { toFingerprint: _own, ...plain } = workflow;
  expect(toFingerprint(plain, order)).not.toBe(toFingerprint(plain, { ...order, lines: [] }));
  expect(toFingerprint(plain, order)).toBe(toFingerprint(plain, { ...order }));
});

it('is the same for everyone under one key where the workflow does not say whose keys are whose', () => {
  const { toKeyOwner: _own, ...plain } = workflow;
  const id = createRunId(plain, order, 'k1');
  expect(createRunId(plain, { ...order, customerId: 'bob' }, 'k1')).toBe(id);
  expect(createRunId(plain, order, 'k2')).not.toBe(id);
});
