export type { Delivery } from './delivery.ts';
export { createHistogram, type Observe } from './histogram.ts';
export { createLog, type Log, type LogLevel, logLevels } from './log.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { openMetricsType, textType, writeMetrics } from './metrics-page.ts';
export { type OpenTracingOptions, openTracing } from './open-tracing.ts';
export {
  leaveRequestSpan,
  markSpan,
  type RequestSpan,
  renameSpan,
  runInSpan,
  startRequestSpan,
  type TracedRequest,
} from './request-span.ts';
export { type SpanAttributes, spanAttributes } from './span-attributes.ts';
export { type SpanRecord, toReadableSpan } from './span-record.ts';
export type { SpanRef } from './span-ref.ts';
export { readTraceContext, type TraceContext, toTraceHeaders } from './trace-context.ts';
export type { Tracing, TracingOptions } from './tracing.ts';
