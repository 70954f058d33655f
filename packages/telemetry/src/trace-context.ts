/**
 * What a request says about the trace it belongs to, and what travels along with it: read from W3C's headers or
 * Jaeger's, and sent as both, so that services on either understand it.
 *
 * 1. Reading never throws, and refuses no request: what is malformed or too long is dropped.
 * 2. What was read can always be sent: printable ASCII, 8,192 characters at most in all.
 * 3. What was sent is read back as it was.
 */
import { TraceFlags } from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import { appendMembers, listMembers, readBaggageHeader } from './baggage.ts';
import {
  type Headers,
  listJaegerBaggage,
  readJaegerSpan,
  toJaegerBaggage,
  toJaegerSpan,
} from './jaeger-header.ts';
import type { SpanRef } from './span-ref.ts';

const traceparentMax = 55;
const tracestateMax = 512;

export interface TraceContext {
  readonly parent?: SpanRef;
  /** Never without a parent: it is the parent's. */
  readonly tracestate?: string;
  /** As it came, and after it what came in Jaeger's headers. */
  readonly baggage?: string;
}

function readTraceParent(header: string | undefined): SpanRef | undefined {
  const span = header && header.length <= traceparentMax ? parseTraceParent(header) : null;
  if (!span) return undefined;
  const { traceId, spanId, traceFlags } = span;
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** Without the members that are malformed. */
const readTraceState = (header: string | undefined): string | undefined =>
  header && header.length <= tracestateMax ? new TraceState(header).serialize() : undefined;

function readBaggage(headers: Headers): string | undefined {
  const baggage = readBaggageHeader(headers.baggage);
  const members = baggage === undefined ? [] : listMembers(baggage);
  return appendMembers(baggage, listJaegerBaggage(headers, members));
}

/** The span that a request names, for who needs no more of its context. */
export const readParent = (headers: Headers): SpanRef | undefined =>
  readTraceParent(headers.traceparent) ?? readJaegerSpan(headers['uber-trace-id']);

/** The names of headers are lower-case, as Node gives them. */
export function readTraceContext(headers: Headers): TraceContext {
  const w3cParent = readTraceParent(headers.traceparent);
  const parent = w3cParent ?? readJaegerSpan(headers['uber-trace-id']);
  const tracestate = w3cParent && readTraceState(headers.tracestate);
  const baggage = readBaggage(headers);
  return {
    ...(parent && { parent }),
    ...(tracestate && { tracestate }),
    ...(baggage && { baggage }),
  };
}

export const toTraceHeaders = ({
  parent,
  tracestate,
  baggage,
}: TraceContext): Record<string, string> => ({
  ...(parent && {
    traceparent: `00-${parent.traceId}-${parent.spanId}-0${Number(parent.isSampled)}`,
    ...(tracestate && { tracestate }),
    'uber-trace-id': toJaegerSpan(parent),
  }),
  ...(baggage && { baggage, ...toJaegerBaggage(listMembers(baggage)) }),
});
