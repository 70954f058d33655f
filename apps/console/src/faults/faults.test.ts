import { expect, it } from 'vitest';
import { createRandom, toBlow } from './chaos.ts';
import { isOf, kindWords, toFault, toWords } from './kinds.ts';

const operations = ['order.validate', 'payment.process', 'payment.refund'];

function play(seed: number) {
  const random = createRandom(seed);
  return Array.from({ length: 300 }, () => toBlow(random, operations, 0));
}

it('plays the same chaos for the same seed, everywhere, and declines nothing', () => {
  expect(play(7)).toEqual(play(7));
  expect(play(7)).not.toEqual(play(8));
  expect(new Set(play(7).map(({ operation }) => operation))).toEqual(new Set(operations));
  const kinds = new Set(play(7).map(({ fault }) => fault.kind));
  expect([kinds.size, kinds.has('decline')]).toEqual([11, false]);
});

it('sends of a fault what was set, and nothing else', () => {
  const none = { times: '', percent: '', seconds: '', order: '' };
  expect(toFault({ kind: 'reset', ...none }, 0)).toEqual({ kind: 'reset' });
  expect(toFault({ kind: 'crash-after', ...none }, 0)).toEqual({ kind: 'crash', when: 'after' });
  const all = { times: '2', percent: '30', seconds: '5', order: 'ord_1' };
  expect(toFault({ kind: 'hang', ...all }, 0)).toEqual({
    kind: 'hang',
    times: 2,
    fraction: 0.3,
    until: '1970-01-01T00:00:05.000Z',
    order: 'ord_1',
  });
});

it('says of a crash whether the work was done before', () => {
  expect(toWords({ kind: 'crash', when: 'after' })).toMatch(/^does it/);
  expect(toWords({ kind: 'crash' })).toBe(kindWords.crash);
});

it('knows a second instance’s operations from those of the first', () => {
  expect(isOf('payment-service', 'payment.process')).toBe(true);
  expect(isOf('payment-service', 'payment-alternate.process')).toBe(false);
  expect(isOf('payment-alternate', 'payment-alternate.process')).toBe(true);
});
