/**
 * What a request says about the trace it belongs to, and what travels along with it, as a context of OpenTelemetry's:
 * read and written by the program's propagators, and kept with an order in a form that depends on none.
 *
 * 1. Reading never throws, and refuses no request: what is malformed or too long is dropped.
 * 2. What is kept can always be sent: printable ASCII, no more in all than our clients take.
 */
import { randomBytes } from 'node:crypto';
import {
  type Context,
  context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { getRPCMetadata, isTracingSuppressed, suppressTracing } from '@opentelemetry/core';
import { isDebugged, readDebugId } from './jaeger-propagator.ts';
import { emptyContext } from './light-context.ts';
import { createPropagator, ensurePropagator } from './propagator.ts';
import type { SpanRef } from './span-ref.ts';

/** By lower-case name, as Node gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Of a request being answered, with the span that an instrumentation has opened for it: what begins now hangs on that. */
export function readCaller(headers: Headers): Context {
  ensurePropagator();
  const caller = propagation.extract(emptyContext, headers);
  const opened = getRPCMetadata(context.active());
  return opened ? trace.setSpan(caller, opened.span) : caller;
}

export function toTraceHeaders(within: Context): Record<string, string> {
  ensurePropagator();
  const headers: Record<string, string> = {};
  propagation.inject(within, headers);
  return headers;
}

/** The span that a context is within, here or in another process. */
export function readSpanRef(within: Context): SpanRef | undefined {
  const span = trace.getSpanContext(within);
  if (!span || !trace.isSpanContextValid(span)) return undefined;
  const { traceId, spanId, traceFlags } = span;
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** Within a span that is told later, under ids that are known already: what begins there hangs on it. */
export function withSpan(within: Context, { traceId, spanId, isSampled }: SpanRef): Context {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const before = trace.getSpanContext(within);
  // Vendors wrote it about the trace that it came with.
  const traceState = before?.traceId === traceId ? before.traceState : undefined;
  const span = { traceId, spanId, traceFlags, ...(traceState && { traceState }) };
  return trace.setSpanContext(within, span);
}

export const runWithin = <T>(within: Context, work: () => T): T => context.with(within, work);

/** What nobody asked for, such as a look at somebody's health, is no trace: neither here nor, as its headers say, there. */
export const runUntraced = <T>(work: () => T): T =>
  context.with(suppressTracing(ROOT_CONTEXT), work);

/** An instrumentation of the transport would write headers of its own beside these. */
export function runWithHeaders<T>(
  given: Readonly<Record<string, string>>,
  send: (headers: Readonly<Record<string, string>>) => T,
): T {
  const active = context.active();
  if (isTracingSuppressed(active)) return send({ ...given, ...toUntracedHeaders() });
  ensurePropagator();
  const isWritten = propagation.fields().some((name) => name in given);
  const written = isWritten ? {} : readSpanRef(active) && toTraceHeaders(active);
  if (!written) return send(given);
  return context.with(suppressTracing(active), () => send({ ...given, ...written }));
}

function toUntracedHeaders(): Record<string, string> {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return toTraceHeaders(withSpan(emptyContext, { traceId, spanId, isSampled: false }));
}

const form = createPropagator();

/** In characters: with Jaeger's items, which say the same once more, it stays below what our clients take. */
const keptMax = 4_096;
const sendable = /^[\t -~]+$/;

export function keepTraceContext(caller: Context): Record<string, string> {
  const written: Record<string, string> = {};
  form.inject(caller, written, defaultTextMapSetter);
  const { traceparent, tracestate, baggage, 'uber-trace-id': span } = written;
  const kept = {
    traceparent,
    tracestate,
    baggage,
    // It says no more than W3C's, but for the flag of a caller that debugs.
    ...(isDebugged(caller) && { 'uber-trace-id': span, 'jaeger-debug-id': readDebugId(caller) }),
  };
  return Object.fromEntries(
    Object.entries(kept).flatMap(([name, value]) =>
      value !== undefined && value.length <= keptMax && sendable.test(value) ? [[name, value]] : [],
    ),
  );
}

export const recallTraceContext = (kept: Readonly<Record<string, string>>): Context =>
  form.extract(emptyContext, kept, defaultTextMapGetter);
