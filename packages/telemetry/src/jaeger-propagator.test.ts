import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { expect, it } from 'vitest';
import { createJaegerPropagator, isDebugged, readDebugId } from './jaeger-propagator.ts';
import { readSpanRef, withSpan } from './trace-context.ts';

const trace = 'abcdef0123456789';
const high = '1122334455667788';
const span = '0fedcba987654321';
const isSampled = true;

const propagator = createJaegerPropagator();
const read = (headers: Readonly<Record<string, string>>) =>
  propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
const readSpan = (header: string) => readSpanRef(read({ 'uber-trace-id': header }));
function write(context = ROOT_CONTEXT): Record<string, string> {
  const headers = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}
const writeItems = (entries: readonly (readonly [string, string])[]) =>
  write(
    propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage(
        Object.fromEntries(entries.map(([key, value]) => [key, { value }])),
      ),
    ),
  );

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
  expect(readSpan(header)).toEqual(expected);
});

it.each([
  ['0', false, '0'],
  ['1', true, '1'],
  ['2', true, '3'],
  ['3', true, '3'],
  ['8', false, '0'],
  ['9', true, '1'],
  ['f0', false, '0'],
])('takes flags %s for sampled: %s, and sends %s', (flags, sampled, sent) => {
  const context = read({ 'uber-trace-id': `${trace}:${span}:0:${flags}` });
  expect(readSpanRef(context)?.isSampled).toBe(sampled);
  expect(write(context)['uber-trace-id']).toBe(`${'0'.repeat(16)}${trace}:${span}:0:${sent}`);
});

it.each([
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
  expect(readSpan(header)).toBeUndefined();
});

it('debugs the trace that begins with a request under an id that somebody looks for', () => {
  const context = read({ 'jaeger-debug-id': 'ada%207' });
  expect([readDebugId(context), isDebugged(context)]).toEqual(['ada 7', true]);
  expect(readSpanRef(context)).toBeUndefined();
  const begun = { traceId: high + trace, spanId: span, isSampled };
  expect(write(withSpan(context, begun))['uber-trace-id']).toBe(`${high}${trace}:${span}:0:3`);
});

it('takes no such id where the trace has begun, as Jaeger does', () => {
  const context = read({ 'jaeger-debug-id': 'ada', 'uber-trace-id': '7b:c8:0:0' });
  expect([readDebugId(context), isDebugged(context)]).toEqual([undefined, false]);
  expect(readDebugId(read({ 'jaeger-debug-id': 'x'.repeat(1_000) }))).toHaveLength(64);
});

it('writes nothing for what is not to be traced', () => {
  expect(write(suppressTracing(read({ 'uber-trace-id': '7b:c8:0:1' })))).toEqual({});
});

it('sends sixteen items at most', () => {
  const entries = Array.from({ length: 20 }, (_, n) => [`k${n}`, 'v'] as const);
  expect(Object.keys(writeItems(entries))).toEqual(
    Array.from({ length: 16 }, (_, n) => `uberctx-k${n}`),
  );
});

it('leaves out an item that is too long as sent, and not those after it', () => {
  const items = writeItems([
    ['long', 'ü'.repeat(600)],
    ['short', 'ü'],
  ]);
  expect(items).toEqual({ 'uberctx-short': '%C3%BC' });
});

it('sends the first of two items whose names are one to Jaeger', () => {
  const items = writeItems([
    ['User_Id', '1'],
    ['user-id', '2'],
  ]);
  expect(items).toEqual({ 'uberctx-user-id': '1' });
});
