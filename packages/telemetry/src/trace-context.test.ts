import { validateHeaderName, validateHeaderValue } from 'node:http';
import { propagation } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  keepTraceContext,
  readCaller,
  readSpanRef,
  recallTraceContext,
  toTraceHeaders,
  withSpan,
} from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${spanId}-01`;
const parent = { traceId, spanId, isSampled: true };
const jaegerParent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: false };
const jaegerHeaders = { 'uber-trace-id': `${'a'.repeat(32)}:${'b'.repeat(16)}:0:0` };

type Sent = Readonly<Record<string, string>>;
/** What a service sends on that was sent this. */
const pass = (headers: Sent): Record<string, string> => toTraceHeaders(readCaller(headers));

it.each([
  [traceparent, parent],
  [`00-${traceId}-${spanId}-00`, { ...parent, isSampled: false }],
  // Versions to come, in what they have in common with ours.
  [`cc-${traceId}-${spanId}-01`, parent],
  [`cc-${traceId}-${spanId}-01-more`, parent],
  [`01-${traceId}-${spanId}-00-`, { ...parent, isSampled: false }],
  [`cc-${traceId}-${spanId}-01.more`, undefined],
  [`ff-${traceId}-${spanId}-01`, undefined],
  [`${traceparent}-more`, undefined],
  [traceparent.toUpperCase(), undefined],
  [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
  [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
  // Sent twice, which Node joins.
  [`${traceparent}, ${traceparent}`, undefined],
  ['', undefined],
])('reads of traceparent %j the parent %j', (header, expected) => {
  expect(readSpanRef(readCaller({ traceparent: header }))).toEqual(expected);
});

it.each([
  ['01', '01'],
  ['02', '02'],
  ['03', '03'],
  // What nobody knows the meaning of is not passed on.
  ['ff', '03'],
  ['fc', '00'],
])('sends flags %s on as %s, in version 00', (given, sent) => {
  const headers = { traceparent: `00-${traceId}-${spanId}-${given}` };
  expect(pass(headers).traceparent).toBe(`00-${traceId}-${spanId}-${sent}`);
  expect(pass({ traceparent: `01-${traceId}-${spanId}-${given}-x` })).toEqual(pass(headers));
});

it('says of a span within that the id of its trace is random, and not of another trace', () => {
  const caller = readCaller({ traceparent: `00-${traceId}-${spanId}-03` });
  const within = (trace: string) => withSpan(caller, { ...jaegerParent, traceId: trace });
  expect(toTraceHeaders(within(traceId)).traceparent).toBe(`00-${traceId}-${'b'.repeat(16)}-02`);
  expect(toTraceHeaders(within('c'.repeat(32))).traceparent).toMatch(/-00$/);
});

it.each([
  ['a=1,b@vendor=2', 'a=1,b@vendor=2'],
  ['a=1, NO=2,,b=3', 'a=1,b=3'],
])('sends of tracestate %j what is well-formed', (tracestate, expected) => {
  expect(pass({ traceparent, tracestate }).tracestate).toBe(expected);
  expect(pass({ tracestate, ...jaegerHeaders })).toEqual({
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`,
    ...jaegerHeaders,
  });
});

it('passes baggage on, with its properties', () => {
  const baggage = 'baton.fault=payment.process%3Areset;p=1,User_Id=1%202';
  expect(pass({ baggage })).toEqual({
    baggage,
    'uberctx-baton.fault': 'payment.process%3Areset',
    'uberctx-user-id': '1%202',
  });
});

it('prefers the W3C header, and reads the one of Jaeger where that one is malformed', () => {
  const read = (header: string) =>
    readSpanRef(readCaller({ ...jaegerHeaders, traceparent: header }));
  expect(read(traceparent)).toEqual(parent);
  expect(read('00-1')).toEqual(jaegerParent);
});

it('adds the items of Jaeger to baggage, but for those that it names', () => {
  const baggage = propagation.getBaggage(
    readCaller({
      baggage: 'user_id=w3c;p=1',
      'uberctx-user-id': 'jaeger',
      'uberctx-baton.fault': 'payment.process%3Areset',
      'uberctx-city': 'Z%C3%BCrich, ZH',
      'uberctx-': 'nameless',
      'uberctx-no token': '1',
      'jaeger-baggage': 'city=Bern, User_Id=x, k=v=w , nothing',
    }),
  );
  expect(baggage?.getAllEntries().map(([key, { value }]) => [key, value])).toEqual([
    ['user_id', 'w3c'],
    ['baton.fault', 'payment.process:reset'],
    ['city', 'Zürich, ZH'],
    ['k', 'v=w'],
  ]);
});

it('keeps what it read, in a form that reads back', () => {
  const headers = { traceparent, tracestate: 'a=1', baggage: 'tenant=7', 'uberctx-k': 'v' };
  const kept = keepTraceContext(readCaller(headers));
  expect(kept).toEqual({ traceparent, tracestate: 'a=1', baggage: 'tenant=7,k=v' });
  expect(toTraceHeaders(recallTraceContext(kept))).toEqual(pass(headers));
  expect(keepTraceContext(readCaller({}))).toEqual({});
});

it.each([
  ['longer than may be', `a=${'1'.repeat(4_095)}`],
  ['not printable', 'a=1;\u0001'],
])('does not keep baggage that is %s', (_what, baggage) => {
  expect(keepTraceContext(readCaller({ traceparent, baggage }))).toEqual({ traceparent });
});

it('sends no more than our clients take when everything that is kept is as long as it may be', () => {
  const member = (key: string) => `${key}=${'%3A'.repeat(84)}`;
  const baggage = Array.from('abcdefghijklmno', member).join(',');
  const kept = keepTraceContext(
    readCaller({ traceparent, tracestate: `a=${'1'.repeat(256)}`, baggage }),
  );
  const sent = toTraceHeaders(recallTraceContext(kept));
  expect(sent).toHaveProperty('baggage');
  expect(sent).toHaveProperty('uberctx-d');
  expect(Object.entries(sent).flat().join('').length).toBeLessThanOrEqual(8_192);
});

it('keeps no item that is named as the prototype of every object', () => {
  const kept = keepTraceContext(readCaller({ traceparent, 'uberctx-__proto__': '1' }));
  expect(kept).toEqual({ traceparent });
});

const printable = fc.string({ unit: 'grapheme-ascii', maxLength: 4_096, size: 'max' });
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  printable,
  fc.string({ unit: fc.constantFrom(...'%0aDd=,;:-\r\n\ud800ü k') }),
  fc.constantFrom(traceparent, 'a=1,b=2', '7b:c8:0:3'),
);
const names = fc.oneof(
  fc.constantFrom('traceparent', 'tracestate', 'baggage', 'uber-trace-id'),
  fc.constantFrom('jaeger-baggage', 'jaeger-debug-id'),
  fc.string().map((key) => `uberctx-${key}`),
  fc.stringMatching(/^uberctx-[\w-]{1,8}$/),
);

/** In whatever order its members are: they have none. */
const sortBaggage = ({ baggage = '', 'jaeger-debug-id': _id, ...rest }: Sent) => ({
  ...rest,
  baggage: baggage.split(',').sort(),
});

it('sends what can be sent, whatever it was given, and reads that back', () => {
  fc.assert(
    fc.property(fc.dictionary(names, anything), (headers) => {
      const kept = keepTraceContext(readCaller(headers));
      const sent = toTraceHeaders(recallTraceContext(kept));
      for (const [name, value] of Object.entries(sent)) {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        expect(value).toMatch(/^[\t -~]*$/);
      }
      expect(Object.entries(sent).flat().join('').length).toBeLessThanOrEqual(8_192);
      expect(sortBaggage(keepTraceContext(recallTraceContext(kept)))).toEqual(sortBaggage(kept));
      expect(sortBaggage(keepTraceContext(readCaller(sent)))).toMatchObject(sortBaggage(kept));
    }),
    { numRuns: 200 },
  );
});
