/** A span that was not measured but is known: its ids, its times and all it says follow from something that lasts. */
import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { type SpanAttributes, toAttributes } from './span-attributes.ts';

export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  /** In microseconds since the epoch. */
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: SpanAttributes;
  /** What went wrong, in a few words; null when nothing did. */
  readonly error: string | null;
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const;

const secondUs = 1_000_000;

export const toTime = (us: number): HrTime => [Math.floor(us / secondUs), (us % secondUs) * 1_000];

/** The same record makes the same span, byte for byte, in whatever process: `resource` must say nothing of it. */
export function toReadableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, startUs, endUs, error } = record;
  const traceFlags = TraceFlags.SAMPLED;
  return {
    name: record.name,
    kind: kinds[record.kind],
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parentSpanId !== null && {
      parentSpanContext: { traceId, spanId: parentSpanId, traceFlags },
    }),
    startTime: toTime(startUs),
    endTime: toTime(endUs),
    duration: toTime(endUs - startUs),
    status:
      error === null
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error },
    attributes: toAttributes(record.attributes),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

export const scope = { name: 'baton' } as const;
