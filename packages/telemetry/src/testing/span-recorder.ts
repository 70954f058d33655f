import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { createTracing, type Tracing, type TracingOptions } from '../tracing.ts';

export interface SpanRecorder {
  readonly tracing: Tracing;
  /** The spans that have ended, in that order. */
  readonly told: () => readonly ReadableSpan[];
}

/** Tracing whose spans stay in memory, for tests. */
export function createSpanRecorder(
  service: string,
  options: Pick<TracingOptions, 'isGlobal'> = {},
): SpanRecorder {
  const exporter = new InMemorySpanExporter();
  return {
    tracing: createTracing({ ...options, service, exporter, isImmediate: true }),
    told: () => exporter.getFinishedSpans(),
  };
}

export { createTracing };
