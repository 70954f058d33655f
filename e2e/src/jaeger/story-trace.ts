/** Judges a trace in Jaeger by the journal of its order. */
import type { projectRun } from '@baton/runtime';
import type { JaegerSpan, JaegerTrace } from './jaeger-trace.ts';

type Told = ReturnType<typeof projectRun>;

/** Everything wrong with the trace, in words; empty for a whole one. */
export function findTraceFaults(trace: JaegerTrace | null, told: Told): string[] {
  if (!trace) return ['there is no trace'];
  const byId = Map.groupBy(trace.spans, ({ id }) => id);
  const toldIds = new Set(told.map(({ spanId }) => spanId));
  const measured = trace.spans.filter(({ id }) => !toldIds.has(id));
  return [
    ...(trace.roots.length === 1 ? [] : [`${trace.roots.length} roots`]),
    ...trace.roots.filter(({ parentId }) => parentId !== null).map(say('is an orphan')),
    ...told.filter(({ spanId }) => !byId.has(spanId)).map(({ name }) => `${name} is missing`),
    ...[...byId.values()]
      .filter(({ length }) => length > 1)
      .map(([span]) => say('is there twice')(span)),
    ...trace.spans.filter(({ warnings }) => !warnings.every(isOfClocks)).map(sayWarnings),
    ...measured.filter(isStrange).map(say('nobody told of')),
    ...told.flatMap((record) => {
      const span = byId.get(record.spanId)?.[0];
      return span ? compare(span, record) : [];
    }),
  ];
}

/** The orchestrator measures the request that placed the order, and nothing else. */
const isStrange = ({ service, kind }: JaegerSpan): boolean =>
  service === 'orchestrator' && kind !== 'server';

/** Where nobody was killed, each call was a request at its participant. */
export function findLost(trace: JaegerTrace | null, told: Told): string[] {
  const calls = told.filter(({ kind }) => kind === 'client').length;
  const isMeasured = ({ service, kind }: JaegerSpan) =>
    kind === 'server' && /^(order|inventory|payment|notif)/.test(service);
  const measured = trace?.spans.filter(isMeasured).length ?? 0;
  return measured === calls ? [] : [`${measured} spans of ${calls} calls at participants`];
}

const say =
  (what: string) =>
  (span: JaegerSpan | undefined): string =>
    `${span?.service} ${span?.operation} ${what}`;

/** Late on purpose, or after its caller's end: before 2.14 Jaeger takes it for another machine's clock. */
const isOfClocks = (warning: string): boolean => warning.startsWith('clock skew adjustment');

const sayWarnings = ({ operation, warnings }: JaegerSpan): string =>
  `${operation}: ${warnings.join('; ')}`;

function compare(span: JaegerSpan, record: Told[number]): string[] {
  const seen = [
    span.operation,
    span.kind,
    span.parentId,
    span.startUs,
    span.durationUs,
    span.status,
  ];
  const wanted = [
    record.name,
    record.kind,
    record.parentSpanId,
    record.startUs,
    record.endUs - record.startUs,
    record.error === null ? 'unset' : 'error',
  ];
  return JSON.stringify(seen) === JSON.stringify(wanted)
    ? []
    : [`${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`];
}
