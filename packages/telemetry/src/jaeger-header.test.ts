import { expect, it } from 'vitest';
import { readJaegerSpan, toJaegerBaggage, toJaegerSpan } from './jaeger-header.ts';

const trace = 'abcdef0123456789';
const high = '1122334455667788';
const span = '0fedcba987654321';
const isSampled = true;

it.each([
  [`${high}${trace}:${span}:0:1`, { traceId: high + trace, spanId: span, isSampled }],
  [`${trace}:${span}:${span}:1`, { traceId: '0'.repeat(16) + trace, spanId: span, isSampled }],
  // Leading zeros left out, as jaeger-client does.
  ['7b:c8:0:1', { traceId: '7b'.padStart(32, '0'), spanId: 'c8'.padStart(16, '0'), isSampled }],
  [
    '7B%3AC8%3a0%3A01',
    { traceId: '7b'.padStart(32, '0'), spanId: 'c8'.padStart(16, '0'), isSampled },
  ],
])('reads of %s the span %j', (header, expected) => {
  expect(readJaegerSpan(header)).toEqual(expected);
});

it.each([
  ['0', false],
  ['1', true],
  ['2', true],
  ['3', true],
  ['8', false],
  ['9', true],
  ['f0', false],
])('takes flags %s for sampled: %s', (flags, expected) => {
  expect(readJaegerSpan(`${trace}:${span}:0:${flags}`)?.isSampled).toBe(expected);
});

it.each([
  undefined,
  '',
  '0:1:0:1',
  '1:0:0:1',
  `${'0'.repeat(32)}:1:0:1`,
  '1:1:0',
  '1:1:0:1:1',
  '1:1::1',
  '1:g:0:1',
  '1:1:0:111',
  `1${high}${trace}:1:0:1`,
  `1:1${span}:0:1`,
  '1%3A1%3A0%3A1%',
  '1:1:0:1\r\n',
])('takes %j for no span', (header) => {
  expect(readJaegerSpan(header)).toBeUndefined();
});

it('says no parent, since only the span itself is asked for', () => {
  const ref = { traceId: high + trace, spanId: span, isSampled: false };
  expect(toJaegerSpan(ref)).toBe(`${high}${trace}:${span}:0:0`);
});

it('sends sixteen items at most', () => {
  const members = Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, value: 'v' }));
  expect(Object.keys(toJaegerBaggage(members))).toEqual(
    Array.from({ length: 16 }, (_, n) => `uberctx-k${n}`),
  );
});

it('leaves out an item that is too long as sent, and not those after it', () => {
  const long = { key: 'long', value: 'ü'.repeat(600) };
  expect(toJaegerBaggage([long, { key: 'short', value: 'ü' }])).toEqual({
    'uberctx-short': '%C3%BC',
  });
});

it('sends the first of two items whose names are one to Jaeger', () => {
  const items = toJaegerBaggage([
    { key: 'User_Id', value: '1' },
    { key: 'user-id', value: '2' },
  ]);
  expect(items).toEqual({ 'uberctx-user-id': '1' });
});
