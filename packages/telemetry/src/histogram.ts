import { Histogram, type OpenMetricsContentType, type Registry } from 'prom-client';
import type { SpanRef } from './span-ref.ts';

export interface HistogramDesign<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
  readonly buckets: readonly number[];
}

/** The active span becomes the exemplar of its bucket, if its trace is sampled. */
export type Observe<L extends string> = (
  labels: Readonly<Record<L, string | number>>,
  value: number,
  span?: SpanRef,
) => void;

export function createHistogram<L extends string>(
  registry: Registry<OpenMetricsContentType>,
  { name, help, labelNames, buckets }: HistogramDesign<L>,
): Observe<L> {
  const histogram = new Histogram<string>({
    name,
    help,
    labelNames,
    buckets: [...buckets],
    enableExemplars: true,
    registers: [registry],
  });
  return (labels, value, span) =>
    histogram.observe({
      labels,
      value,
      exemplarLabels: span?.isSampled ? { trace_id: span.traceId, span_id: span.spanId } : {},
    });
}
