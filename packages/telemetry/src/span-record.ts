/** A span that was not measured: its ids, times and attributes follow from the journal. */
import {
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { type SpanAttributes, toAttributes } from './span-attributes.ts';
import { scope } from './span-scope.ts';

export interface SpanPlace {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanRecord extends SpanPlace {
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  /** In microseconds since the epoch. */
  readonly startUs: number;
  readonly endUs: number;
  readonly attributes: SpanAttributes;
  /** In other traces. */
  readonly links?: readonly SpanPlace[];
  /** What went wrong, in a few words; null when nothing did. */
  readonly error: string | null;
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const;

const secondUs = 1_000_000;

const toTime = (us: number): HrTime => [Math.floor(us / secondUs), (us % secondUs) * 1_000];

/** The same record makes the same span, byte for byte, in every process: `resource` is that of the process it began in. */
export function toReadableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, startUs, endUs, links = [], error } = record;
  const toContext = (id: string): SpanContext => ({
    traceId,
    spanId: id,
    traceFlags: TraceFlags.SAMPLED,
  });
  const span: ReadableSpan & { parentSpanContext?: SpanContext } = {
    name: record.name,
    kind: kinds[record.kind],
    spanContext: () => toContext(spanId),
    startTime: toTime(startUs),
    endTime: toTime(endUs),
    duration: toTime(endUs - startUs),
    status:
      error === null
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error },
    attributes: toAttributes(record.attributes),
    links: links.map((place) => ({ context: { ...place, traceFlags: TraceFlags.SAMPLED } })),
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  if (parentSpanId !== null) span.parentSpanContext = toContext(parentSpanId);
  return span;
}
