export type { Context as TraceContext } from '@opentelemetry/api';
export type { Delivery } from './delivery.ts';
export { createHistogram, type Observe } from './histogram.ts';
export { isDebugged, readDebugId } from './jaeger-propagator.ts';
export { createLog, type Log, type LogLevel, logLevels } from './log.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { openMetricsType, textType, writeMetrics } from './metrics-page.ts';
export { toOneLine } from './one-line.ts';
export { openTelemetry } from './open-telemetry.ts';
export { createOtelEnv, type OtelEnv } from './otel-env.ts';
export {
  markSpan,
  type RequestSpan,
  runTold,
  startRequestBelow,
  startRequestSpan,
  type TracedRequest,
} from './request-span.ts';
export { recallResource } from './resource.ts';
export { type SpanAttributes, spanAttributes } from './span-attributes.ts';
export { type SpanPlace, type SpanRecord, toReadableSpan } from './span-record.ts';
export type { SpanRef } from './span-ref.ts';
export {
  keepTraceContext,
  readCaller,
  readSpanRef,
  recallTraceContext,
  runUntraced,
  runWithHeaders,
  runWithin,
  toTraceHeaders,
  withSpan,
} from './trace-context.ts';
export type { Tracing, TracingOptions } from './tracing.ts';
