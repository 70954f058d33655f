import { validateHeaderName, validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readTraceContext, toTraceHeaders } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${spanId}-01`;
const parent = { traceId, spanId, isSampled: true };

it.each([
  [traceparent, parent],
  [`00-${traceId}-${spanId}-00`, { ...parent, isSampled: false }],
  // Other flags, and versions to come, in what they have in common with ours.
  [`00-${traceId}-${spanId}-03`, parent],
  [`cc-${traceId}-${spanId}-01`, parent],
  [`ff-${traceId}-${spanId}-01`, undefined],
  [`cc-${traceId}-${spanId}-01-more`, undefined],
  [`${traceparent}-more`, undefined],
  [traceparent.toUpperCase(), undefined],
  [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
  [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
  // Sent twice, which Node joins.
  [`${traceparent}, ${traceparent}`, undefined],
  ['', undefined],
])('reads of traceparent %j the parent %j', (header, expected) => {
  expect(readTraceContext({ traceparent: header }).parent).toEqual(expected);
});

it.each([
  ['a=1,b@vendor=2', 'a=1,b@vendor=2'],
  ['a=1, NO=2,,b=3', 'a=1,b=3'],
  ['nothing of it', undefined],
])('reads of tracestate %j what is well-formed', (tracestate, expected) => {
  expect(readTraceContext({ traceparent, tracestate }).tracestate).toBe(expected);
});

it.each([
  ['tracestate', `a=${'1'.repeat(252)},b=${'1'.repeat(255)}`],
  ['baggage', 'b'.repeat(4_096)],
] as const)('drops %s whole when it is longer than may be', (name, longest) => {
  expect(readTraceContext({ traceparent, [name]: longest })[name]).toBe(longest);
  expect(readTraceContext({ traceparent, [name]: `${longest},` })).toEqual({ parent });
});

it('drops tracestate without the traceparent that it belongs to', () => {
  const read = readTraceContext({ tracestate: 'a=1', 'uber-trace-id': `${traceId}:${spanId}:0:1` });
  expect(read).toEqual({ parent });
});

it('passes baggage on as it came', () => {
  const baggage = 'baton.fault=payment.process:latency:ms=800 ;p,\t x';
  expect(readTraceContext({ baggage: `  ${baggage} ` })).toEqual({ baggage });
});

it.each(['tenant=zoë', 'a=1\r\nx-evil: 1', ' '])('drops baggage %j', (baggage) => {
  expect(readTraceContext({ baggage })).toEqual({});
});

it('prefers the W3C header, and reads the one of Jaeger where that one is malformed', () => {
  const jaeger = { 'uber-trace-id': `${'a'.repeat(32)}:${'b'.repeat(16)}:0:0` };
  const jaegerParent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: false };
  expect(readTraceContext({ ...jaeger, traceparent }).parent).toEqual(parent);
  expect(readTraceContext({ ...jaeger, traceparent: '00-1' }).parent).toEqual(jaegerParent);
});

it('appends the items of Jaeger to baggage, but for those that it names', () => {
  const read = readTraceContext({
    baggage: 'user_id=w3c;p=1',
    'uberctx-user-id': 'jaeger',
    'uberctx-baton.fault': 'payment.process%3Areset',
    'uberctx-city': 'Z%C3%BCrich, ZH',
    'uberctx-': 'nameless',
    'uberctx-no token': '1',
    'jaeger-baggage': 'city=Bern, User_Id=x, k=v=w , nothing',
  });
  expect(read.baggage).toBe(
    'user_id=w3c;p=1,baton.fault=payment.process%3Areset,city=Z%C3%BCrich%2C%20ZH,k=v%3Dw',
  );
});

it('leaves out the item of Jaeger that does not fit, and no other', () => {
  const baggage = `a=${'1'.repeat(4_087)}`;
  const items = { 'uberctx-b': '12345678', 'uberctx-c': '1', 'uberctx-d': '', 'uberctx-e': '1' };
  expect(readTraceContext({ baggage, ...items }).baggage).toBe(`${baggage},c=1,d=`);
  const tooLong = { ...items, baggage: `${baggage}1234567890` };
  expect(readTraceContext(tooLong).baggage).toBe('b=12345678,c=1,d=,e=1');
});

it('sends what it has in the headers of W3C and of Jaeger', () => {
  const baggage = 'baton.fault=payment.process:latency:ms=800;p=1,User_Id=1%202';
  expect(toTraceHeaders({ parent, tracestate: 'a=1', baggage })).toEqual({
    traceparent,
    tracestate: 'a=1',
    baggage,
    'uber-trace-id': `${traceId}:${spanId}:0:1`,
    'uberctx-baton.fault': 'payment.process%3Alatency%3Ams%3D800',
    'uberctx-user-id': '1%202',
  });
  expect(toTraceHeaders({})).toEqual({});
});

it('sends no more than our clients take when everything is as long as it may be', () => {
  const member = (key: string) => `${key}=${':'.repeat(250)}`;
  const baggage = Array.from('abcdefghijklmnop', member).join(',');
  const sent = toTraceHeaders({ parent, tracestate: `a=${'1'.repeat(256)}`, baggage });
  expect(sent).toHaveProperty('uberctx-d');
  expect(Object.entries(sent).flat().join('').length).toBeLessThanOrEqual(8_192);
});

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => !/^0+$/.test(id));
const spans = fc.record({ traceId: hex(32), spanId: hex(16), isSampled: fc.boolean() });
const states = fc
  .uniqueArray(fc.stringMatching(/^[a-z]{1,4}=[!-+\--<>-~]{1,20}$/), {
    selector: (member) => member.split('=')[0],
    minLength: 1,
    maxLength: 16,
  })
  .map((members) => members.join(','));
const printable = fc.string({
  unit: 'grapheme-ascii',
  minLength: 1,
  maxLength: 4_096,
  size: 'max',
});
const membersText = fc
  .array(fc.stringMatching(/^[\w.]{1,8}=[!#-+\--:<-[\]-~]{0,40}(;p=1)?$/), { minLength: 1 })
  .map((members) => members.join(','));
const baggages = fc
  .oneof(printable, membersText)
  .map((text) => text.trim().slice(0, 4_096).trim())
  .filter((text) => text !== '');
const contexts = fc
  .record({ parent: spans, tracestate: states, baggage: baggages }, { requiredKeys: [] })
  .map(({ tracestate, ...rest }) => (rest.parent && tracestate ? { ...rest, tracestate } : rest));

it('reads back whatever it sent', () => {
  fc.assert(
    fc.property(contexts, (context) => {
      expect(readTraceContext(toTraceHeaders(context))).toEqual(context);
    }),
  );
});

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  printable,
  fc.string({ unit: fc.constantFrom(...'%0aDd=,;:-\r\n\ud800ü k') }),
  contexts.map((context) => Object.values(toTraceHeaders(context)).join(',')),
);
const names = fc.oneof(
  fc.constantFrom('traceparent', 'tracestate', 'baggage', 'uber-trace-id', 'jaeger-baggage'),
  fc.string().map((key) => `uberctx-${key}`),
  fc.stringMatching(/^uberctx-[\w-]{1,8}$/),
);

it('sends what can be sent, whatever it was given, and reads that back', () => {
  fc.assert(
    fc.property(fc.dictionary(names, anything), (headers) => {
      const context = readTraceContext(headers);
      const sent = toTraceHeaders(context);
      for (const [name, value] of Object.entries(sent)) {
        validateHeaderName(name);
        validateHeaderValue(name, value);
        expect(value).toMatch(/^[\t -~]*$/);
      }
      expect(Object.entries(sent).flat().join('').length).toBeLessThanOrEqual(8_192);
      expect(readTraceContext(sent)).toEqual(context);
    }),
    { numRuns: 200 },
  );
});
