/** The spans of a trace as a tree, and as lines that a test, or a person, can read. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

export interface SpanNode {
  readonly span: ReadableSpan;
  readonly children: readonly SpanNode[];
}

export interface SpanTree {
  /** Spans without their parent: a whole trace has one. */
  readonly roots: readonly SpanNode[];
  /** Why the spans are no tree: double ids, or more than one trace. */
  readonly faults: readonly string[];
}

export const idOf = (span: ReadableSpan): string => span.spanContext().spanId;
export const parentOf = (span: ReadableSpan): string => span.parentSpanContext?.spanId ?? '';
export const serviceOf = ({ resource }: ReadableSpan): string =>
  String(resource.attributes['service.name']);

const toNanos = ([seconds, nanos]: ReadableSpan['startTime']): number => seconds * 1e9 + nanos;

/** Children stand in the order of their starts, then of their arrival. */
export function growTree(spans: readonly ReadableSpan[]): SpanTree {
  const byParent = Map.groupBy(spans, parentOf);
  const ids = new Set(spans.map(idOf));
  const toNode = (span: ReadableSpan): SpanNode => ({
    span,
    children: toSorted(byParent.get(idOf(span)) ?? []).map(toNode),
  });
  const traces = new Set(spans.map((span) => span.spanContext().traceId));
  return {
    roots: toSorted(spans.filter((span) => !ids.has(parentOf(span)))).map(toNode),
    faults: [
      ...(ids.size < spans.length ? ['an id is there twice'] : []),
      ...(traces.size > 1 ? [`${traces.size} traces`] : []),
    ],
  };
}

const toSorted = (spans: readonly ReadableSpan[]): readonly ReadableSpan[] =>
  spans.toSorted((a, b) => toNanos(a.startTime) - toNanos(b.startTime));

/** One line for each span: `  pay, attempt 2 unknown connection-reset !`. Ids and times are left out: they differ. */
export const toLines = ({ roots }: SpanTree): string[] =>
  roots.flatMap((root) => drawNode(root, 0));

const drawNode = ({ span, children }: SpanNode, depth: number): string[] => [
  `${'  '.repeat(depth)}${describe(span)}`,
  ...children.flatMap((child) => drawNode(child, depth + 1)),
];

const shown = [
  'baton.order.status',
  'baton.order.degraded',
  'baton.order.alternates',
  'baton.reply',
  'baton.code',
  'baton.wait.reason',
  'baton.fence',
  'baton.late',
  'baton.by',
  'http.response.status_code',
  'baton.fault',
] as const;

function describe(span: ReadableSpan): string {
  const { name, kind, status, attributes } = span;
  return [
    kind === SpanKind.SERVER ? `${serviceOf(span)}:` : '',
    name,
    // The end's name has the status.
    ...shown.map((key) => attributes[key] ?? '').filter((part) => name !== `order ${part}`),
    status.code === SpanStatusCode.ERROR ? '!' : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}
