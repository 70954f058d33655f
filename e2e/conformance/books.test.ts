import { expect, it } from 'vitest';
import { toTrace } from './books.ts';
import { createOrder, listOwn, toText } from './order-request.ts';

const toBooks = (body: unknown) => new Map([['/taken', JSON.stringify(body)]]);

const [first, second] = [createOrder(0), createOrder(1)];
const seats = [
  { orderId: 'ord_1', seat: 12, count: 2 },
  { orderId: 'ord_1', seat: 13, count: 2 },
] as const;
const trace = (before: unknown, after: unknown, order: typeof first) =>
  toTrace(toBooks(before), toBooks(after), listOwn(seats, order));

it.each([
  ['a list of what is taken', [[], [12], [12, 13], [12, 13, 13]]],
  ['a sum of it', [0, 12, 25, 38]],
  ['a sum of what is the same for all', [0, 2, 4, 6]],
  ['the orders', [[], [first.id], [first.id, second.id], [first.id, second.id, second.id]]],
])('tells one effect of another order from two, by %s', (_what, [none, one, two, twice]) => {
  const alone = trace([none], [one], first);
  expect(trace([one], [two], second)).toBe(alone);
  expect(trace([one], [twice], second)).not.toBe(alone);
});

it('takes a text that stands in a longer one for another one', () => {
  const order = { ...createOrder(0), unique: 'ab' };
  const templates = [{ orderId: 'ord_1', code: '{unique}' }] as const;
  expect(JSON.parse(toText(templates, order))).toEqual({ orderId: order.id, code: 'ab' });
  const count = (codes: string[]) =>
    toTrace(toBooks([]), toBooks(codes), listOwn(templates, order));
  expect(count(['abc', 'ab'])).toBe('[["/taken",1]]');
  expect(count(['ab', 'ab'])).toBe('[["/taken",2]]');
});
