import { orderContract } from '@baton/contracts';
import { replay } from '@baton/saga';
import { readCaller, readSpanRef, type TraceContext } from '@baton/telemetry';
import { describe, expect, it } from 'vitest';
import { accepted, toEvents } from '../testing/event-story.ts';
import { createLinks } from './run-links.ts';
import {
  callsMax,
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
/** Samplers that follow the caller. */
const follow = (otherwise: boolean) => ({
  isSampled: (_traceId: string, caller?: TraceContext) =>
    (caller && readSpanRef(caller)?.isSampled) ?? otherwise,
});
const all = follow(true);
const none = follow(false);

type Headers = Readonly<Record<string, string>>;
const place = (headers: Headers, tracing?: typeof all): Headers =>
  toRunContext({ headers, receivedAt: 7 }, tracing);
const readParent = (headers: Headers) => readSpanRef(readCaller(headers));
const read = (context: Headers, calls = 0) => readRunTrace('ord_1', { context, calls });
const call = (context: Headers, ordinal = 3) => propagate({ key: 'ord_1:pay', ordinal, context });

it.each([
  ['W3C', sampled],
  ['Jaeger', { 'uber-trace-id': `${traceId}:${callerId}:0:1` }],
])("is its sampled caller's, in the headers of %s, whatever the ratio", (_whose, headers) => {
  for (const tracing of [all, none]) {
    expect(read(place(headers, tracing))).toEqual({
      traceId,
      orderSpanId: toSpanId('ord_1', 'order'),
      parentSpanId: callerId,
      part: 1,
    });
  }
});

it.each([
  ['W3C', unsampled],
  ['Jaeger', { 'uber-trace-id': `${traceId}:${callerId}:0:0` }],
])('is not traced when its caller is not, in the headers of %s', (_whose, headers) => {
  const context = place(headers, all);
  expect(read(context)).toBeUndefined();
  expect(readParent(call(context))).toEqual({ traceId, spanId: callerId, isSampled: false });
});

it('ends where its sampled caller is not sampled here, and the calls say so', () => {
  const context = place(sampled, { isSampled: () => false });
  expect(read(context)).toBeUndefined();
  expect(readParent(call(context))).toEqual({ traceId, spanId: callerId, isSampled: false });
});

it("is its caller's where every trace is sampled here, whatever the caller says", () => {
  const context = place(unsampled, { isSampled: () => true });
  expect(read(context)).toMatchObject({ traceId, parentSpanId: callerId });
  expect(readParent(call(context))).toMatchObject({ traceId, isSampled: true });
});

it('begins with the order where nobody calls with a trace, under an id that is kept', () => {
  const context = place({}, all);
  const trace = read(context);
  expect(trace).toMatchObject({ parentSpanId: null, part: 1 });
  expect(trace?.traceId).toMatch(/^[\da-f]{32}$/);
  expect(read({ ...context })).toEqual(trace);
  expect(read(place({}, all))?.traceId).not.toBe(trace?.traceId);
});

it('is sampled by the id that it would have', () => {
  const asked: string[] = [];
  const context = toRunContext(
    { headers: {}, receivedAt: 7 },
    { isSampled: (id) => asked.push(id) > 0 },
  );
  expect(asked).toEqual([read(context)?.traceId]);
});

it('has no trace of its own at a ratio of none, and its calls say so', () => {
  const context = place({}, none);
  expect(read(context)).toBeUndefined();
  expect(readParent(call(context))?.isSampled).toBe(false);
  expect(call(place({}))).toEqual({});
});

it.each([
  ['a debug id', { 'jaeger-debug-id': 'ada 7' }],
  ['the debug flag', { 'uber-trace-id': `${traceId}:${callerId}:0:2` }],
  [
    'the debug flag beside headers of W3C that are not sampled',
    { ...unsampled, 'uber-trace-id': `${traceId}:${callerId}:0:3` },
  ],
])(
  'is traced whatever the ratio when its caller sends %s, and its calls say so',
  (_what, headers) => {
    const context = place(headers, none);
    const trace = read(context);
    const callId = toCallSpanId('ord_1', 3);
    expect(call({ ...context })).toMatchObject({
      traceparent: `00-${trace?.traceId}-${callId}-01`,
      'uber-trace-id': `${trace?.traceId}:${callId}:0:3`,
    });
  },
);

it('calls its id random where its caller did', () => {
  const context = place({ traceparent: `00-${traceId}-${callerId}-ff` }, all);
  expect(call({ ...context }).traceparent).toBe(`00-${traceId}-${toCallSpanId('ord_1', 3)}-03`);
});

const passed = { tracestate: 'vendor=1', baggage: 'tenant=7' };

it('names the span of the call, which follows from its number, and passes the rest on', () => {
  const headers = call(place({ ...sampled, ...passed }, all));
  expect(headers).toEqual({
    traceparent: `00-${traceId}-${toCallSpanId('ord_1', 3)}-01`,
    'uber-trace-id': `${traceId}:${toCallSpanId('ord_1', 3)}:0:1`,
    'uberctx-tenant': '7',
    ...passed,
  });
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
  expect(read(context)).toBeUndefined();
  expect(call(context)).toMatchObject(given);
});

it.each<[string, Headers]>([
  ['a trace that it says is ours', { 'baton-traced-since': '1', 'baton-trace-id': 'c'.repeat(32) }],
  ['a malformed parent', { traceparent: `${sampled.traceparent}\r\nx: 1`, tracestate: 'a=1' }],
  ['a parent of zeros', { traceparent: `00-${'0'.repeat(32)}-${callerId}-01` }],
  ['too much', { baggage: `a=${'x'.repeat(9_000)}`, traceparent: 'x'.repeat(9_000) }],
  ['names of properties', { __proto__: 'x', constructor: 'x', 'uber-trace-id': 'toString' }],
])('takes nothing over from a caller that sends %s', (_what, headers) => {
  expect(place(headers)).toEqual({});
  expect(call(place(headers))).toEqual({});
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
  expect(createLinks(jaegerUrl)(orderContract, 'ord_1', { context, calls: 0 }).trace).toBe(link);
  expect(
    createLinks(jaegerUrl)(orderContract, 'ord_1', { context: place(unsampled, all), calls: 0 })
      .trace,
  ).toBeUndefined();
  expect(createLinks(jaegerUrl)(orderContract, 'ord_1').trace).toBeUndefined();
});

describe('an order of more calls than a trace holds', () => {
  const context = place({ ...sampled, tracestate: 'vendor=1', baggage: 'tenant=7' }, all);
  const last = read(context, callsMax);
  const next = read(context, callsMax + 1);

  it('goes on in a part of its own, which has no parent and is found again', () => {
    expect(last).toEqual(read(context));
    expect(next).toMatchObject({ parentSpanId: null, part: 2 });
    expect(next?.traceId).toMatch(/^[\da-f]{32}$/);
    expect(read({ ...context }, 2 * callsMax)).toEqual(next);
    const own = [last, next, read(context, 2 * callsMax + 1)];
    expect(new Set(own.map((trace) => trace?.traceId)).size).toBe(3);
    expect(new Set(own.map((trace) => trace?.orderSpanId)).size).toBe(3);
  });

  it("has another part than its caller's next order", () => {
    const other = readRunTrace('ord_2', { context, calls: callsMax + 1 });
    expect(other?.traceId).not.toBe(next?.traceId);
  });

  it('calls, logs, measures and links under the part that it is in', () => {
    const headers = call(context, callsMax + 1);
    expect(readParent(headers)).toEqual({
      traceId: next?.traceId,
      spanId: toCallSpanId('ord_1', callsMax + 1),
      isSampled: true,
    });
    // What vendors said of the caller's trace says nothing of this one.
    expect([headers.tracestate, headers.baggage]).toEqual([undefined, 'tenant=7']);
    expect(call(context, callsMax).tracestate).toBe('vendor=1');
    const state = { ...replay(toEvents([accepted(context)])), calls: callsMax + 1 };
    expect(findSpan('ord_1', state)).toMatchObject({
      traceId: next?.traceId,
      spanId: next?.orderSpanId,
    });
    expect(findSpan('ord_1', state, callsMax)?.traceId).toBe(traceId);
    const { trace } = createLinks('http://localhost:16686')(orderContract, 'ord_1', state);
    expect(trace).toBe(`http://localhost:16686/trace/${next?.traceId}`);
  });
});
