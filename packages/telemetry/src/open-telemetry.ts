/** A program's log, figures and traces, sent where the environment says. */
import type { Log, LogLevel } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openLog } from './open-log.ts';
import { openMetricsExport } from './open-metrics-export.ts';
import { openTracing } from './open-tracing.ts';
import type { OtelEnv } from './otel-env.ts';
import type { Tracing } from './tracing.ts';

export interface TelemetryOptions {
  readonly env: OtelEnv;
  /** Its name, unless the environment has another. */
  readonly service: string;
  readonly level: LogLevel;
}

export interface Telemetry {
  readonly log: Log;
  readonly metrics: Metrics;
  /** Undefined where nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Sends the rest, but waits no longer than a moment. */
  readonly close: () => Promise<void>;
}

/** Variables that cannot be used are named in the log, and keep nothing from starting. */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { env, service } = options;
  const { log, close } = await openLog(options);
  const metrics = createMetrics(service);
  const tracing = await openTracing({ env, service, log });
  const closeMetrics = await openMetricsExport({ env, service, metrics, log });
  for (const problem of env.listProblems()) log.warn(problem);
  return {
    log,
    metrics,
    tracing,
    close: async () => {
      await Promise.all([tracing?.close(), closeMetrics(), close()]);
    },
  };
}
