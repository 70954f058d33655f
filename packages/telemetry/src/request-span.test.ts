import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { createLog } from './log.ts';
import { leaveRequestSpan, markSpan, runInSpan, startRequestSpan } from './request-span.ts';
import { createTracing } from './tracing.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${callerId}-01`;

function open() {
  const exporter = new InMemorySpanExporter();
  const tracing = createTracing({ service: 'payment-service', exporter, isImmediate: true });
  const start = (headers: Readonly<Record<string, string>> = { traceparent }) =>
    startRequestSpan(tracing, {
      name: 'POST /process',
      headers,
      attributes: { 'http.request.method': 'POST' },
    });
  return { exporter, tracing, start, told: () => exporter.getFinishedSpans() };
}

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;
const byName = (spans: readonly ReadableSpan[], name: string): ReadableSpan | undefined =>
  spans.find((span) => span.name === name);

it.each([
  ['W3C', { traceparent }],
  ['Jaeger', { 'uber-trace-id': `${traceId}:${callerId}:0:1` }],
  ['Jaeger, with the debug flag', { 'uber-trace-id': `${traceId}:${callerId}:0:2` }],
])("continues a sampled caller's trace in the headers of %s", (_whose, headers) => {
  const { start, told } = open();
  start(headers)?.end(200);
  const [span] = told();
  expect(span?.spanContext().traceId).toBe(traceId);
  expect(span?.parentSpanContext?.spanId).toBe(callerId);
  expect(span?.kind).toBe(SpanKind.SERVER);
  expect(span?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
  });
  expect(span?.resource.attributes['service.name']).toBe('payment-service');
});

it.each([
  ['names no trace', {}],
  ['is not sampled', { traceparent: traceparent.replace(/1$/, '0') }],
  ['is not sampled, in the headers of Jaeger', { 'uber-trace-id': `${traceId}:${callerId}:0:0` }],
  ['is malformed', { traceparent: `${traceparent}-more` }],
  ['has only baggage', { baggage: 'a=1' }],
])('has no span when its caller %s', (_what, headers) => {
  expect(open().start(headers)).toBeUndefined();
});

it('runs what has no span all the same, and marks nothing', () => {
  const { told } = open();
  leaveRequestSpan();
  markSpan({ 'baton.fence': 'done' });
  expect(runInSpan('fence', {}, () => 'worked')).toBe('worked');
  expect(
    startRequestSpan(undefined, { name: 'x', headers: { traceparent }, attributes: {} }),
  ).toBeUndefined();
  expect(told()).toEqual([]);
});

it('hangs spans within on the request also after it waited', async () => {
  const { start, told } = open();
  const request = start();
  await request?.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    runInSpan('outer', { 'db.system.name': 'sqlite' }, () => {
      runInSpan('inner', {}, () => markSpan({ 'baton.fence': 'done' }));
      markSpan({ 'baton.fault': 'outer' });
    });
    markSpan({ 'baton.fault': 'request' });
  });
  request?.end(200);
  const [outer, inner] = [byName(told(), 'outer'), byName(told(), 'inner')];
  const server = byName(told(), 'POST /process');
  expect(inner?.parentSpanContext?.spanId).toBe(idOf(outer));
  expect(outer?.parentSpanContext?.spanId).toBe(idOf(server));
  expect(new Set(told().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
  expect([inner?.attributes, outer?.attributes]).toEqual([
    { 'baton.fence': 'done' },
    { 'db.system.name': 'sqlite', 'baton.fault': 'outer' },
  ]);
  expect(server?.attributes['baton.fault']).toBe('request');
});

it('keeps requests apart that are worked on at the same time', async () => {
  const { start, told } = open();
  const other = '1'.repeat(32);
  const work = async (headers: Readonly<Record<string, string>>, name: string) => {
    const request = start(headers);
    await request?.run(async () => {
      for (let turn = 0; turn < 3; turn += 1) await new Promise((ring) => setImmediate(ring));
      runInSpan(name, {}, () => {});
    });
    request?.end(200);
  };
  await Promise.all([
    work({ traceparent }, 'ours'),
    work({ traceparent: `00-${other}-${callerId}-01` }, 'theirs'),
  ]);
  const traceOf = (name: string) => byName(told(), name)?.spanContext().traceId;
  expect([traceOf('ours'), traceOf('theirs')]).toEqual([traceId, other]);
  expect(told()).toHaveLength(4);
});

it.each([
  [200, undefined],
  [409, undefined],
  [499, undefined],
  [500, '500'],
  [503, '503'],
  [null, 'no-answer'],
])('ended with %s it has the error %s', (status, error) => {
  const { start, told } = open();
  start()?.end(status);
  const [span] = told();
  expect(span?.attributes['error.type']).toBe(error);
  expect(span?.attributes['http.response.status_code']).toBe(status ?? undefined);
  expect(span?.status.code).toBe(error ? SpanStatusCode.ERROR : SpanStatusCode.UNSET);
});

it('keeps a part back until its request has ended, so that a process that is killed leaves neither', () => {
  const { start, told } = open();
  const request = start();
  request?.run(() => runInSpan('fence', {}, () => {}));
  expect(told()).toEqual([]);
  request?.end(200);
  expect(told().map(({ name }) => name)).toEqual(['POST /process', 'fence']);
});

it('ends once: what is said afterwards does not count', () => {
  const { start, told } = open();
  const request = start();
  request?.end(200);
  request?.end(null);
  expect(told().map(({ attributes }) => attributes['error.type'])).toEqual([undefined]);
});

it('says of what is done after the answer that it came late', () => {
  const { start, told } = open();
  const request = start();
  request?.run(() => runInSpan('in time', {}, () => {}));
  request?.end(null);
  request?.run(() => runInSpan('too late', {}, () => {}));
  const late = told().map(({ name, attributes }) => [name, attributes['baton.late']]);
  expect(late).toEqual([
    ['POST /process', undefined],
    ['in time', undefined],
    ['too late', true],
  ]);
});

it('ends a span whose work throws, throws on, and says nothing of what was thrown', () => {
  const { start, told } = open();
  const request = start();
  const work = () => {
    throw new Error('tok_secret is broken');
  };
  expect(() => request?.run(() => runInSpan('fence', {}, work))).toThrow('is broken');
  request?.end(500);
  const fence = byName(told(), 'fence');
  expect(fence?.status).toEqual({ code: SpanStatusCode.ERROR });
  expect(fence?.events).toEqual([]);
  expect(told()).toHaveLength(2);
});

it('does not send the span of a request that somebody else tells of, but what is within', () => {
  const { start, told } = open();
  const [left, kept] = [start(), start()];
  left?.run(() => {
    leaveRequestSpan();
    runInSpan('within', {}, () => {});
  });
  left?.end(202);
  kept?.end(202);
  expect(told().map(({ name }) => name)).toEqual(['within', 'POST /process']);
});

it('says in each line of the log within a request which span it belongs to', async () => {
  const { start, told } = open();
  const lines: string[] = [];
  const log = createLog('payment-service', 'info', { write: (line) => void lines.push(line) });
  const request = start();
  log.info('before');
  await request?.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    log.info('in the request');
    runInSpan('fence', {}, () => log.info('in the fence'));
  });
  request?.end(200);
  const ids = lines.map((line) => JSON.parse(line)).map((line) => [line.trace_id, line.span_id]);
  expect(ids).toEqual([
    [undefined, undefined],
    [traceId, idOf(byName(told(), 'POST /process'))],
    [traceId, idOf(byName(told(), 'fence'))],
  ]);
});
