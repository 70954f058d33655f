import type { Fault } from '@baton/contracts';
import { expect, it } from 'vitest';
import { describeHits, Flag, readFlag, toFlag } from './flag.ts';
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

const reset = { kind: 'reset' } as const;
const byHand = { state: 'ENABLED', variants: { on: reset, off: {} } } as const;

it.each<[string, object, unknown]>([
  ['its default hits everybody', { defaultVariant: 'on' }, reset],
  ['its default does nothing', { defaultVariant: 'off' }, null],
  [
    'its variant has another name',
    { variants: { broken: reset }, defaultVariant: 'broken' },
    reset,
  ],
  ['it has no default', {}, null],
  ['its metadata promise less', { defaultVariant: 'on', metadata: { times: 2 } }, reset],
  [
    'its variant promises less',
    { variants: { on: { ...reset, times: 2, order: 'ord_2' } }, defaultVariant: 'on' },
    reset,
  ],
])('written by hand, says what flagd makes of it: %s', (_name, given, fault) => {
  const flag = Flag.parse({ ...byHand, ...given });
  const core = toFlagdCore(JSON.stringify({ flags: { 'order.cancel': flag } }));
  const { value } = core.resolveObjectEvaluation('order.cancel', {}, { orderId: 'ord_1' });
  expect(Object(value).kind ?? null).toBe(Object(fault).kind ?? null);
  expect(readFlag(flag, 0)).toEqual(fault && { fault, custom: false });
});

it('says in words whom it hits', () => {
  expect(faults.map(describeHits)).toEqual([
    'every order',
    'every order, the first 2 attempts',
    'order ord_1, 25 % of attempts',
    `every order, until ${until}`,
  ]);
});
