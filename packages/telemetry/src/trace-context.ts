/**
 * A request's trace, and its baggage, as a context of OpenTelemetry's: read and written by the program's propagators,
 * and kept with an order in a form that depends on none.
 *
 * 1. Reading never throws, and refuses no request: malformed or too long parts are dropped.
 * 2. A kept context can always be sent: printable ASCII, no more in all than our clients take.
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

/** For a request that is being answered: spans that begin now hang on its span, if an instrumentation has opened one. */
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

/** Within a span that is told later, under ids that are known already: spans that begin there hang on it. */
export function withSpan(within: Context, { traceId, spanId, isSampled }: SpanRef): Context {
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  const before = trace.getSpanContext(within);
  // A vendor's state belongs to the trace that it came with.
  const traceState = before?.traceId === traceId ? before.traceState : undefined;
  const span = { traceId, spanId, traceFlags, ...(traceState && { traceState }) };
  return trace.setSpanContext(within, span);
}

export const runWithin = <T>(within: Context, work: () => T): T => context.with(within, work);

/** Background work, such as a health question, begins no trace: neither here nor, by its headers, at the other end. */
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

/** In characters: with Jaeger's items, which repeat it, the sum stays below what our clients take. */
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
    // Jaeger's header adds only the flag of a caller that debugs.
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
