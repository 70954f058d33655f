import { orderContract } from '@baton/contracts';
import { replay } from '@baton/saga';
import { readTraceContext } from '@baton/telemetry';
import { expect, it } from 'vitest';
import { accepted, toEvents } from '../testing/event-story.ts';
import { createLinks } from './run-links.ts';
import {
  findSpan,
  propagate,
  readRunTrace,
  toCallSpanId,
  toRunContext,
  toSpanId,
} from './run-trace.ts';

const traceId = 'a'.repeat(32);
const callerId = 'b'.repeat(16);
const sampled = { traceparent: `00-${traceId}-${callerId}-01` };
const unsampled = { traceparent: `00-${traceId}-${callerId}-00` };
const all = { isSampled: () => true };
const none = { isSampled: () => false };

type Headers = Readonly<Record<string, string>>;
const place = (headers: Headers, tracing?: typeof all): Headers =>
  toRunContext({ headers, receivedAt: 7 }, tracing);
const call = (context: Headers, ordinal = 3) => propagate({ key: 'ord_1:pay', ordinal, context });

it.each([
  ['W3C', sampled],
  ['Jaeger', { 'uber-trace-id': `${traceId}:${callerId}:0:1` }],
])("is its sampled caller's, in the headers of %s, whatever the ratio", (_whose, headers) => {
  for (const tracing of [all, none]) {
    expect(readRunTrace('ord_1', place(headers, tracing))).toEqual({
      traceId,
      rootSpanId: toSpanId('ord_1', 'order'),
      parentSpanId: callerId,
      receivedAt: 7,
    });
  }
});

it.each([
  ['W3C', unsampled],
  ['Jaeger', { 'uber-trace-id': `${traceId}:${callerId}:0:0` }],
])('is not traced when its caller is not, in the headers of %s', (_whose, headers) => {
  const context = place(headers, all);
  expect(readRunTrace('ord_1', context)).toBeUndefined();
  expect(readTraceContext(call(context)).parent).toEqual({
    traceId,
    spanId: callerId,
    isSampled: false,
  });
});

it('begins with the order where nobody calls with a trace, under an id that is kept', () => {
  const context = place({}, all);
  const trace = readRunTrace('ord_1', context);
  expect(trace).toMatchObject({ parentSpanId: null, receivedAt: 7 });
  expect(trace?.traceId).toMatch(/^[\da-f]{32}$/);
  expect(readRunTrace('ord_1', { ...context })).toEqual(trace);
  expect(readRunTrace('ord_1', place({}, all))?.traceId).not.toBe(trace?.traceId);
});

it('is sampled by the id that it would have', () => {
  const asked: string[] = [];
  const context = toRunContext(
    { headers: {}, receivedAt: 7 },
    { isSampled: (id) => asked.push(id) > 0 },
  );
  expect(asked).toEqual([readRunTrace('ord_1', context)?.traceId]);
});

it('has no trace of its own at a ratio of none, and its calls name none', () => {
  const context = place({}, none);
  expect(readRunTrace('ord_1', context)).toBeUndefined();
  expect(call(context)).toEqual({});
});

const passed = { tracestate: 'vendor=1', baggage: 'tenant=7' };

it('names the span of the call, which follows from its number, and passes the rest on', () => {
  const headers = call(place({ ...sampled, ...passed }, all));
  expect(readTraceContext(headers)).toEqual({
    parent: { traceId, spanId: toCallSpanId('ord_1', 3), isSampled: true },
    ...passed,
  });
  expect(headers['uber-trace-id']).toBe(`${traceId}:${toCallSpanId('ord_1', 3)}:0:1`);
  const ids = [toCallSpanId('ord_1', 3), toCallSpanId('ord_1', 4), toCallSpanId('ord_2', 3)];
  expect(new Set(ids).size).toBe(3);
});

it.each([
  ['sampled', sampled],
  ['not sampled', unsampled],
  ['without a trace', {}],
])("passes its caller's context on as it came when nothing is traced here: %s", (_what, caller) => {
  const given = { ...caller, baggage: passed.baggage };
  const context = place(given);
  expect(readRunTrace('ord_1', context)).toBeUndefined();
  expect(readTraceContext(call(context))).toEqual(readTraceContext(given));
});

it.each<[string, Headers]>([
  ['a trace that it says is ours', { 'baton-traced-since': '1', 'baton-trace-id': 'c'.repeat(32) }],
  ['a malformed parent', { traceparent: `${sampled.traceparent}\r\nx: 1`, tracestate: 'a=1' }],
  ['a parent of zeros', { traceparent: `00-${'0'.repeat(32)}-${callerId}-01` }],
  ['too much', { baggage: `a=${'x'.repeat(9_000)}`, traceparent: 'x'.repeat(9_000) }],
  ['names of properties', { __proto__: 'x', constructor: 'x', 'uber-trace-id': 'toString' }],
])('takes nothing over from a caller that sends %s', (_what, headers) => {
  expect(place(headers, none)).toEqual({});
  expect(call(place(headers, none))).toEqual({});
});

it('leads from an order, and from each of its calls, to their spans', () => {
  const state = replay(toEvents([accepted(place(sampled, all))]));
  const find = (ordinal?: number) => findSpan('ord_1', state, ordinal);
  expect(find()).toEqual({ traceId, spanId: toSpanId('ord_1', 'order'), isSampled: true });
  expect(find(2)?.spanId).toBe(toCallSpanId('ord_1', 2));
});

it.each([
  ['http://localhost:16686', `http://localhost:16686/trace/${traceId}`],
  ['http://localhost:16686/jaeger//', `http://localhost:16686/jaeger/trace/${traceId}`],
  [undefined, undefined],
])('is linked below %s', (jaegerUrl, link) => {
  const context = place(sampled, all);
  expect(createLinks(jaegerUrl)(orderContract, 'ord_1', { context }).trace).toBe(link);
  expect(
    createLinks(jaegerUrl)(orderContract, 'ord_1', { context: place(unsampled, all) }).trace,
  ).toBeUndefined();
  expect(createLinks(jaegerUrl)(orderContract, 'ord_1').trace).toBeUndefined();
});
