export { createHistogram, type Observe } from './histogram.ts';
export { createLog, LOG_LEVELS, type Log, type LogLevel } from './log.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export type { SpanRef } from './span-ref.ts';
