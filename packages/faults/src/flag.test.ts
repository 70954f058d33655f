import type { Fault } from '@baton/contracts';
import { expect, it } from 'vitest';
import { describeHits, readFlag, toFlag } from './flag.ts';
import { toFlagdCore } from './flagd-core.ts';

const until = '2030-01-01T00:00:00.000Z';
const untilMs = Date.parse(until);
const faults: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'latency', ms: 5, times: 2 },
  { kind: 'status', status: 503, retryAfter: 2, fraction: 0.25, order: 'ord_1' },
  { kind: 'crash', when: 'after', until },
];

it.each(faults)('$kind is read back from its flag, which flagd takes', (fault) => {
  const flag = toFlag(fault);
  expect(readFlag(flag, 0)).toEqual({ fault, custom: false });
  expect(() => toFlagdCore(JSON.stringify({ flags: { 'order.cancel': flag } }))).not.toThrow();
});

it('is off when its time is over', () => {
  const flag = toFlag({ kind: 'reset', until });
  expect(readFlag(flag, untilMs - 1)).not.toBeNull();
  expect(readFlag(flag, untilMs)).toBeNull();
});

it('is told apart when its targeting was written by hand', () => {
  const flag = { ...toFlag({ kind: 'reset' }), targeting: { in: ['_a', { var: 'orderId' }] } };
  expect(readFlag(flag, 0)).toEqual({ fault: { kind: 'reset' }, custom: true });
});

it('says in words whom it hits', () => {
  expect(faults.map(describeHits)).toEqual([
    'every order',
    'every order, the first 2 attempts',
    'order ord_1, 25 % of attempts',
    `every order, until ${until}`,
  ]);
});
