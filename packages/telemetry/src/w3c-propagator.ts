/** W3C's trace context, with what OpenTelemetry's own propagator does not do about flags. */
import {
  type Context,
  createContextKey,
  type TextMapPropagator,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** The trace's id is random: samplers may rely on that. */
const random = 0x02;
/** Other flags have no meaning yet, so they are not sent on. */
const known = TraceFlags.SAMPLED | random;

const randomKey = createContextKey('the trace whose id its caller called random');

function withFlags(context: Context, toFlags: (flags: number, traceId: string) => number) {
  const span = trace.getSpanContext(context);
  if (!span) return context;
  const traceFlags = toFlags(span.traceFlags, span.traceId);
  // Each change copies the context, and this is asked for every request.
  return traceFlags === span.traceFlags
    ? context
    : trace.setSpanContext(context, { ...span, traceFlags });
}

/** The SDK gives its spans no flag but the sampled one: the caller's flags are kept beside them. */
export function createW3cPropagator(): TextMapPropagator {
  const inner = new W3CTraceContextPropagator();
  return {
    fields: () => inner.fields(),
    extract: (context, carrier, getter) => {
      const extracted = inner.extract(context, carrier, getter);
      if (extracted === context) return context;
      const { traceId, traceFlags = 0 } = trace.getSpanContext(extracted) ?? {};
      const ours = withFlags(extracted, (flags) => flags & known);
      return traceFlags & random ? ours.setValue(randomKey, traceId) : ours;
    },
    inject: (context, carrier, setter) => {
      const traceIdOfRandom = context.getValue(randomKey);
      const toFlags = (flags: number, traceId: string): number =>
        (flags & known) | (traceId === traceIdOfRandom ? random : 0);
      inner.inject(withFlags(context, toFlags), carrier, setter);
    },
  };
}
