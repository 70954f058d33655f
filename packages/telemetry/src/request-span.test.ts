import {
  context,
  type HrTime,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type RPCMetadata, RPCType, setRPCMetadata } from '@opentelemetry/core';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLog } from './log.ts';
import { markSpan, runTold, startRequestBelow, startRequestSpan } from './request-span.ts';
import { toTraceHeaders } from './trace-context.ts';
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
      attributes: { 'http.request.method': 'POST', 'http.route': '/process' },
    });
  /** As the author of a handler does. */
  const measure = (name: string, work = () => {}) =>
    tracing.tracer.startActiveSpan(name, (span) => {
      work();
      span.end();
    });
  return { tracing, start, measure, told: () => exporter.getFinishedSpans() };
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
    'http.route': '/process',
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
])('has no span when its caller %s', async (_what, headers) => {
  const { start, told } = open();
  const request = start(headers);
  const work = () => runTold('fence', {}, async () => 'worked');
  expect(await (request ? request.run(work) : work())).toBe('worked');
  request?.end(200);
  expect(told()).toEqual([]);
});

it("hands an unsampled caller's decision, and anybody's baggage, on to what a handler opens", () => {
  const { start, tracing, told } = open();
  const unsampled = { traceparent: traceparent.replace(/1$/, '0'), baggage: 'tenant=7' };
  const request = start(unsampled);
  request?.run(() => {
    tracing.tracer.startActiveSpan('own', (span) => {
      expect(toTraceHeaders(context.active())).toMatchObject({
        traceparent: `00-${traceId}-${span.spanContext().spanId}-00`,
        baggage: 'tenant=7',
      });
      span.end();
    });
  });
  start({ baggage: 'tenant=7' })?.run(() => {
    expect(toTraceHeaders(context.active())).toMatchObject({ baggage: 'tenant=7' });
  });
  expect(told()).toEqual([]);
});

it('sends what a handler says in its own words, and the spans that it opens, below the request', () => {
  const { start, tracing, told } = open();
  const request = start();
  request?.run(() => {
    trace.getActiveSpan()?.setAttribute('shop.cart', ['mug', 'cup']).addEvent('packed');
    tracing.tracer.startActiveSpan('own', (span) => {
      span.recordException(new Error('too heavy'));
      span.end();
    });
  });
  request?.end(200);
  const [server, own] = [byName(told(), 'POST /process'), byName(told(), 'own')];
  expect(server?.attributes['shop.cart']).toEqual(['mug', 'cup']);
  expect(server?.events.map(({ name }) => name)).toEqual(['packed']);
  expect(own?.events.map(({ name }) => name)).toEqual(['exception']);
  expect(own?.parentSpanContext?.spanId).toBe(idOf(server));
});

it('keeps no more parts back than a stream may have, and loses none', () => {
  const { start, tracing, told } = open();
  const request = start();
  request?.run(() => {
    for (let n = 0; n < 100; n += 1) tracing.tracer.startSpan(`part ${n}`).end();
  });
  expect(told()).toHaveLength(36);
  request?.end(200);
  expect(told()).toHaveLength(101);
});

it('takes the span that an instrumentation has opened for the request, and does not end it', () => {
  const { start, tracing, measure, told } = open();
  const opened = tracing.tracer.startSpan('POST', { kind: SpanKind.SERVER });
  const metadata: RPCMetadata = { type: RPCType.HTTP, span: opened };
  const within = setRPCMetadata(trace.setSpan(ROOT_CONTEXT, opened), metadata);
  context.with(within, () => {
    const request = start();
    request?.run(() => {
      measure('part');
    });
    request?.end(500);
  });
  expect(told().map(({ name }) => name)).toEqual(['part']);
  expect(metadata.route).toBe('/process');
  opened.end();
  const [part, server] = told();
  expect(part?.parentSpanContext?.spanId).toBe(idOf(server));
  expect(server?.attributes).toEqual({ 'http.request.method': 'POST', 'http.route': '/process' });
});

const toUs = ([seconds, nanoseconds]: HrTime): number => seconds * 1_000_000 + nanoseconds / 1_000;

it('takes as long as it took, also when the clock was set meanwhile', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { start, told } = open();
  const request = start();
  request?.run(() => vi.setSystemTime(Date.UTC(2025, 0, 1)));
  request?.end(200);
  const [server] = told();
  if (!server) throw new Error('there is no span');
  const [from, to] = [toUs(server.startTime), toUs(server.endTime)];
  expect(new Date(from / 1_000).getUTCFullYear()).toBe(2026);
  expect(to).toBeGreaterThanOrEqual(from);
  expect(new Date(to / 1_000).getUTCFullYear()).toBe(2026);
});

it('runs what has no span all the same, and marks nothing', async () => {
  const { told } = open();
  markSpan({ 'baton.fence': 'done' });
  expect(await runTold('fence', {}, async () => 'worked')).toBe('worked');
  expect(
    startRequestSpan(undefined, { name: 'x', headers: { traceparent }, attributes: {} }),
  ).toBeUndefined();
  expect(told()).toEqual([]);
});

it('hangs spans within on the request also after it waited', async () => {
  const { start, measure, told } = open();
  const request = start();
  await request?.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    measure('outer', () => {
      measure('inner', () => markSpan({ 'baton.fence': 'done' }));
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
    { 'baton.fault': 'outer' },
  ]);
  expect(server?.attributes['baton.fault']).toBe('request');
});

it('keeps requests apart that are worked on at the same time', async () => {
  const { start, measure, told } = open();
  const other = '1'.repeat(32);
  const work = async (headers: Readonly<Record<string, string>>, name: string) => {
    const request = start(headers);
    await request?.run(async () => {
      for (let turn = 0; turn < 3; turn += 1) await new Promise((ring) => setImmediate(ring));
      measure(name);
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
  const { start, measure, told } = open();
  const request = start();
  request?.run(() => measure('part'));
  expect(told()).toEqual([]);
  request?.end(200);
  expect(told().map(({ name }) => name)).toEqual(['POST /process', 'part']);
});

it('ends once: what is said afterwards does not count', () => {
  const { start, told } = open();
  const request = start();
  request?.end(200);
  request?.end(null);
  expect(told().map(({ attributes }) => attributes['error.type'])).toEqual([undefined]);
});

it('tells of what is done after the answer in a span of its own, that it came late', async () => {
  const { start, told } = open();
  const request = start();
  await request?.run(() => runTold('in time', {}, async () => markSpan({ 'baton.fence': 'done' })));
  request?.end(null);
  await request?.run(() =>
    runTold('too late', {}, async () => markSpan({ 'baton.fence': 'fenced' })),
  );
  const late = told().map(({ name, attributes }) => [
    name,
    attributes['baton.fence'],
    attributes['baton.late'],
  ]);
  expect(late).toEqual([
    ['POST /process', 'done', undefined],
    ['too late', 'fenced', true],
  ]);
});

it('tells in a span of its own what was done while the request ended', async () => {
  const { start, told } = open();
  const request = start();
  const late = { name: 'fence', attributes: { 'baton.order.id': 'ord_1' } } as const;
  await request?.run(() =>
    runTold('fence', {}, async () => {
      await Promise.resolve();
      request.end(null);
      markSpan({ 'baton.fence': 'done' }, late);
    }),
  );
  const fence = byName(told(), 'fence');
  expect(fence?.attributes).toMatchObject({
    'baton.order.id': 'ord_1',
    'baton.fence': 'done',
    'baton.late': true,
  });
  expect(fence?.parentSpanContext?.spanId).toBe(
    byName(told(), 'POST /process')?.spanContext().spanId,
  );
});

it('ends a late span whose work throws, throws on, and says nothing of what was thrown', async () => {
  const { start, told } = open();
  const request = start();
  const work = async () => {
    throw new Error('tok_secret is broken');
  };
  request?.end(null);
  await expect(request?.run(() => runTold('fence', {}, work))).rejects.toThrow('is broken');
  const fence = byName(told(), 'fence');
  expect(fence?.status).toEqual({ code: SpanStatusCode.ERROR });
  expect(fence?.events).toEqual([]);
  expect(told()).toHaveLength(2);
});

it('says in each line of the log within a request which span it belongs to', async () => {
  const { start, measure, told } = open();
  const lines: string[] = [];
  const log = createLog('payment-service', 'info', { write: (line) => void lines.push(line) });
  const request = start();
  log.info('before');
  await request?.run(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    log.info('in the request');
    measure('part', () => log.info('in the part'));
  });
  request?.end(200);
  const ids = lines.map((line) => JSON.parse(line)).map((line) => [line.trace_id, line.span_id]);
  expect(ids).toEqual([
    [undefined, undefined],
    [traceId, idOf(byName(told(), 'POST /process'))],
    [traceId, idOf(byName(told(), 'part'))],
  ]);
});

it('takes some time however quick the answer is, as viewers doubt a span that takes none', () => {
  const { tracing, told } = open();
  const place = { traceId, spanId: callerId };
  for (let quick = 0; quick < 20; quick += 1)
    startRequestBelow(tracing, place, {
      name: 'POST /orders',
      attributes: {},
      startedAt: Date.now(),
    })(202);
  const tookNone = told().filter(({ startTime, endTime }) => `${startTime}` === `${endTime}`);
  expect([told().length, tookNone]).toEqual([20, []]);
});
