import { type HrTime, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterEach, expect, it, vi } from 'vitest';
import { runInSpan, startRequestSpan } from './request-span.ts';
import { createTracing } from './tracing.ts';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

/** A fence in which `work` is done, and the request around it. */
function tell(work: () => void): readonly ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const tracing = createTracing({ service: 'payment-service', exporter, isImmediate: true });
  const request = startRequestSpan(tracing, {
    name: 'POST /process',
    headers: { traceparent },
    attributes: {},
  });
  request?.run(() => runInSpan('fence', {}, work));
  request?.end(200);
  return exporter.getFinishedSpans().toReversed();
}

const toUs = ([seconds, nanoseconds]: HrTime): number => seconds * 1_000_000 + nanoseconds / 1_000;

afterEach(() => {
  vi.useRealTimers();
});

it('is what other instrumentation finds active, and takes only what is on the list from it', () => {
  const [fence] = tell(() => {
    trace.getActiveSpan()?.setAttributes({ 'baton.code': 'x'.repeat(300), token: 'tok_ok' });
    trace.getActiveSpan()?.setAttribute('baton.attempt', 2).setAttribute('baton.step', ['tok_ok']);
  });
  expect(fence?.attributes).toEqual({ 'baton.code': 'x'.repeat(256), 'baton.attempt': 2 });
});

it('says that something went wrong, and never what', () => {
  const [fence] = tell(() => {
    const span = trace.getActiveSpan();
    span?.recordException(new Error('tok_ok'));
    span?.addEvent('tok_ok').setStatus({ code: SpanStatusCode.ERROR, message: 'tok_ok' });
  });
  expect(fence?.status).toEqual({ code: SpanStatusCode.ERROR });
  expect(fence?.events).toEqual([]);
});

it('stays as it was sent: what is said after its end does not count', () => {
  const [fence, ...others] = tell(() => {
    const span = trace.getActiveSpan();
    span?.end();
    span?.updateName('later').setAttribute('baton.code', 'later');
    span?.setStatus({ code: SpanStatusCode.ERROR }).end();
    expect(span?.isRecording()).toBe(false);
  });
  expect([fence?.name, fence?.attributes, fence?.status]).toEqual(['fence', {}, { code: 0 }]);
  expect(others.map(({ name }) => name)).toEqual(['POST /process']);
});

it('lies within the span around it, to the microsecond, also when the clock was set meanwhile', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1), toFake: ['Date'] });
  const [fence, server] = tell(() => {
    vi.setSystemTime(Date.UTC(2025, 0, 1));
  });
  if (!fence || !server) throw new Error('there are not two spans');
  const [from, to] = [toUs(server.startTime), toUs(server.endTime)];
  expect(new Date(from / 1_000).getUTCFullYear()).toBe(2026);
  expect(toUs(fence.startTime)).toBeGreaterThanOrEqual(from);
  expect(toUs(fence.endTime)).toBeGreaterThanOrEqual(toUs(fence.startTime));
  expect(to).toBeGreaterThanOrEqual(toUs(fence.endTime));
  expect(toUs(server.duration)).toBe(to - from);
  expect(to - from).toBeLessThan(5_000_000);
});

it('has an id of its own each time', () => {
  const spans = Array.from({ length: 50 }, () => tell(() => {})).flat();
  const ids = spans.map((span) => span.spanContext().spanId);
  expect(new Set(ids).size).toBe(100);
  expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
});
