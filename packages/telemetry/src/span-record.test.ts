import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { expect, it } from 'vitest';
import { spanAttributes, toAttributes } from './span-attributes.ts';
import { type SpanRecord, toReadableSpan } from './span-record.ts';

const resource = resourceFromAttributes({ 'service.name': 'orchestrator' });
const startUs = Date.UTC(2026, 0, 1) * 1_000 + 123_456;
const record: SpanRecord = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: 'c'.repeat(16),
  name: 'reserve',
  kind: 'internal',
  startUs,
  endUs: startUs + 1_000_001,
  attributes: { 'baton.order.id': 'ord_1', 'baton.code': undefined },
  error: null,
};

it('says exactly what the record says, to the microsecond', () => {
  const { spanContext, ...span } = toReadableSpan(record, resource);
  const seconds = Date.UTC(2026, 0, 1) / 1_000;
  const traceFlags = 1;
  expect(spanContext()).toEqual({ traceId: record.traceId, spanId: record.spanId, traceFlags });
  expect(span).toMatchObject({
    name: 'reserve',
    kind: SpanKind.INTERNAL,
    parentSpanContext: { traceId: record.traceId, spanId: 'c'.repeat(16), traceFlags },
    startTime: [seconds, 123_456_000],
    endTime: [seconds + 1, 123_457_000],
    duration: [1, 1_000],
    status: { code: SpanStatusCode.UNSET },
    ended: true,
  });
  expect(span.attributes).toEqual({ 'baton.order.id': 'ord_1' });
  expect(span.resource).toBe(resource);
});

it.each([
  ['server', SpanKind.SERVER],
  ['client', SpanKind.CLIENT],
] as const)('is of the kind %s', (kind, expected) => {
  expect(toReadableSpan({ ...record, kind }, resource).kind).toBe(expected);
});

it('is a root without a parent, and failed with an error', () => {
  const error = 'refused: out-of-stock';
  const span = toReadableSpan({ ...record, parentSpanId: null, error }, resource);
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: error });
});

it('is the same twice', () => {
  const [first, second] = [record, structuredClone(record)].map((given) => {
    const span = toReadableSpan(given, resource);
    return JSON.stringify([span, span.spanContext()]);
  });
  expect(first).toBe(second);
});

it('leaves out what is not on the list, whatever the types said', () => {
  const foreign = { 'baton.step': 'pay', token: 'tok_ok', 'http.request.body': '{}' };
  expect(toAttributes(foreign)).toEqual({ 'baton.step': 'pay' });
  expect(
    spanAttributes.filter((name) => /token|body|query|header|user|customer/.test(name)),
  ).toEqual([]);
});

it('cuts what is too long to be a code or a name, and keeps what is not', () => {
  const longest = 'x'.repeat(256);
  expect(toAttributes({ 'baton.code': `${longest}y`, 'url.path': longest })).toEqual({
    'baton.code': longest,
    'url.path': longest,
  });
  expect(toAttributes({ 'baton.attempt': 0, 'baton.interrupted': false })).toEqual({
    'baton.attempt': 0,
    'baton.interrupted': false,
  });
});
