/** A trace as Jaeger shows it: its spans as a tree, in the order of their starts. */
import { z } from 'zod';

type TagValue = string | number | boolean;

export interface JaegerSpan {
  readonly id: string;
  /** Also of a parent that is missing; null for a true root. */
  readonly parentId: string | null;
  readonly service: string;
  readonly operation: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | 'unspecified';
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string;
  readonly startUs: number;
  readonly durationUs: number;
  /** Attributes, without kind and status. */
  readonly tags: Readonly<Record<string, TagValue>>;
  /** Of the process that made the span. */
  readonly resource: Readonly<Record<string, TagValue>>;
  readonly events: readonly JaegerEvent[];
  /** To spans of other traces. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** What Jaeger finds wrong with it, such as a parent or a clock. */
  readonly warnings: readonly string[];
  readonly children: readonly JaegerSpan[];
}

export interface JaegerEvent {
  readonly name: string;
  readonly atUs: number;
  readonly tags: Readonly<Record<string, TagValue>>;
}

export interface JaegerTrace {
  readonly id: string;
  /** All of them. */
  readonly spans: readonly JaegerSpan[];
  /** Those whose parent is not there: a whole trace has one, and its `parentId` is null. */
  readonly roots: readonly JaegerSpan[];
}

const Tag = z.object({
  key: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
});
const Tags = z.array(Tag).nullish();
const Span = z.object({
  traceID: z.string(),
  spanID: z.string(),
  operationName: z.string(),
  references: z
    .array(z.object({ refType: z.string(), traceID: z.string(), spanID: z.string() }))
    .nullish(),
  startTime: z.number(),
  duration: z.number(),
  tags: Tags,
  logs: z.array(z.object({ timestamp: z.number(), fields: Tags })).nullish(),
  processID: z.string(),
  warnings: z.array(z.string()).nullish(),
});
export const TraceAnswer = z.object({
  traceID: z.string(),
  spans: z.array(Span),
  processes: z.record(z.string(), z.object({ serviceName: z.string(), tags: Tags })),
});

const kinds = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

export function toTrace(answer: z.infer<typeof TraceAnswer>): JaegerTrace {
  const ids = new Set(answer.spans.map(({ spanID }) => spanID));
  const childrenOf = new Map<string, JaegerSpan[]>();
  const spans = answer.spans
    .toSorted((a, b) => a.startTime - b.startTime)
    .map((span): JaegerSpan => {
      const own: JaegerSpan[] = [];
      // A span that arrived twice, each time different, shows its children once, at the first.
      const children = childrenOf.has(span.spanID) ? [] : own;
      if (children === own) childrenOf.set(span.spanID, own);
      return { ...toSpan(answer, span), children };
    });
  const roots: JaegerSpan[] = [];
  for (const span of spans) {
    const isRoot = span.parentId === null || !ids.has(span.parentId);
    (isRoot ? roots : childrenOf.get(span.parentId ?? ''))?.push(span);
  }
  return { id: answer.traceID, spans, roots };
}

function toSpan(
  { processes }: z.infer<typeof TraceAnswer>,
  span: z.infer<typeof Span>,
): Omit<JaegerSpan, 'children'> {
  const process = processes[span.processID];
  const all = toRecord(span.tags);
  const { error, 'span.kind': kind, ...others } = all;
  const { 'otel.status_code': code, 'otel.status_description': message, ...tags } = others;
  const parent = span.references?.find(
    ({ refType, traceID }) => refType === 'CHILD_OF' && traceID === span.traceID,
  );
  return {
    id: span.spanID,
    parentId: parent?.spanID ?? null,
    service: process?.serviceName ?? '',
    operation: span.operationName,
    kind: kinds.find((known) => known === kind) ?? 'unspecified',
    status: toStatus(code, error),
    statusMessage: String(message ?? ''),
    startUs: span.startTime,
    durationUs: span.duration,
    tags,
    resource: toRecord(process?.tags),
    events: (span.logs ?? []).map(({ timestamp, fields }) => {
      const { event = '', ...eventTags } = toRecord(fields);
      return { name: String(event), atUs: timestamp, tags: eventTags };
    }),
    links: (span.references ?? [])
      .filter((reference) => reference !== parent)
      .map(({ traceID: traceId, spanID: spanId }) => ({ traceId, spanId })),
    warnings: span.warnings ?? [],
  };
}

const toRecord = (tags: z.infer<typeof Tags>): Record<string, TagValue> =>
  Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value]));

function toStatus(code: TagValue | undefined, error: TagValue | undefined): JaegerSpan['status'] {
  if (code === 'ERROR' || error === true) return 'error';
  return code === 'OK' ? 'ok' : 'unset';
}
