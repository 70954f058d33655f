/** Where spans go: an OTLP collector such as Jaeger, over HTTP. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Log } from './log.ts';
import { createTracing, type Tracing } from './tracing.ts';

export interface CollectorOptions {
  readonly service: string;
  /** Such as `http://localhost:4318`; without one nothing is traced. */
  readonly endpoint: string | undefined;
  /** Of the traces that begin here: 0 none, 1 all. */
  readonly ratio: number;
  readonly log: Log;
}

const TIMEOUT_MS = 5_000;

/** Says once that the collector has gone, and once that it is back. */
const watch = (exporter: SpanExporter, log: Log): SpanExporter => {
  let isGone = false;
  return {
    export: (spans, callback) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !isGone) log.warn('the trace collector does not take spans');
        if (!failed && isGone) log.info('the trace collector takes spans again');
        isGone = failed;
        callback(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
};

export const openTracing = ({
  service,
  endpoint,
  ratio,
  log,
}: CollectorOptions): Tracing | undefined => {
  if (endpoint === undefined) return undefined;
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: TIMEOUT_MS });
  return createTracing({ service, ratio, exporter: watch(exporter, log) });
};
