/** Whether and how the lines of the log go to a collector too. */
import { readAttributeLimits } from './attribute-limits.ts';
import { type OtelEnv, Timeout, Whole } from './otel-env.ts';
import { type OtlpSettings, readExporters, readOtlpSettings } from './otlp-settings.ts';

export interface LogSettings {
  readonly otlp: OtlpSettings;
  readonly delayMs: number;
  readonly timeoutMs: number;
  readonly queueMax: number;
  readonly batchMax: number;
  readonly limits: ReturnType<typeof readAttributeLimits>;
}

/** Off by default, as for metrics. */
export function readLogSettings(env: OtelEnv): LogSettings | undefined {
  const exporters = readExporters(env, 'logs', ['otlp']);
  const settings = {
    otlp: readOtlpSettings(env, 'logs'),
    delayMs: env.read('OTEL_BLRP_SCHEDULE_DELAY', Whole(0)) ?? 1_000,
    timeoutMs: env.read('OTEL_BLRP_EXPORT_TIMEOUT', Timeout) ?? 30_000,
    queueMax: env.read('OTEL_BLRP_MAX_QUEUE_SIZE', Whole(1)) ?? 2_048,
    batchMax: env.read('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', Whole(1)) ?? 512,
    limits: readAttributeLimits(env, 'LOGRECORD'),
  };
  if (exporters === undefined)
    env.reportEach(
      /^OTEL_(EXPORTER_OTLP_LOGS|BLRP|LOGRECORD)_/,
      'is of no use without OTEL_LOGS_EXPORTER: it changes nothing here',
    );
  return exporters?.includes('otlp') ? settings : undefined;
}
