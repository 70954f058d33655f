import { type Span, TraceFlags, trace } from '@opentelemetry/api';
import { Counter, collectDefaultMetrics, type OpenMetricsContentType, Registry } from 'prom-client';
import { createHistogram } from './histogram.ts';
import { LiveSpan } from './live-span.ts';
import type { SpanRef } from './span-ref.ts';

export interface Metrics {
  readonly registry: Registry<OpenMetricsContentType>;
  /**
   * Called when a request begins, and what it returns when the answer is out: events of a response are no part of the
   * request's context, so the span is looked up at the beginning. `operation` is a contract's name, never a raw path,
   * so that labels stay bounded.
   */
  readonly startRequest: (operation: string) => (status: number) => void;
  /** A fault was put in on purpose. */
  readonly countFault: (operation: string, kind: string) => void;
}

/** Of a span that is never sent nobody must be told: its order leads to the trace. */
function toRef(span: Span | undefined): SpanRef | undefined {
  if (!span || (span instanceof LiveSpan && span.scene.isToldElsewhere)) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** Gauges that prom-client calls totals, which only counters are. `nodejs_active_resources` says the same by type. */
const misnamed = ['resources', 'handles', 'requests'].map((what) => `nodejs_active_${what}_total`);

/** `writeMetrics` makes a page of the registry. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  const observe = createHistogram(registry, {
    name: 'http_server_request_duration_seconds',
    help: 'How long requests took, by operation and status',
    labelNames: ['operation', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30],
  });
  const faults = new Counter({
    name: 'baton_faults_injected_total',
    help: 'Faults put in on purpose, by operation and kind',
    labelNames: ['operation', 'kind'],
    registers: [registry],
  });
  return {
    registry,
    startRequest: (operation) => {
      const startedMs = performance.now();
      const span = trace.getActiveSpan();
      return (status) =>
        observe({ operation, status }, (performance.now() - startedMs) / 1_000, toRef(span));
    },
    countFault: (operation, kind) => faults.inc({ operation, kind }),
  };
}
