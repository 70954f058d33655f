/** Whether and how the figures of /metrics go to a collector too. */
import { type OtelEnv, Timeout, Whole, Word } from './otel-env.ts';
import { type OtlpSettings, readExporters, readOtlpSettings } from './otlp-settings.ts';

export interface MetricsSettings {
  readonly otlp: OtlpSettings;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Off by default: a collector that takes traces, such as Jaeger, may take no metrics. */
export function readMetricsSettings(env: OtelEnv): MetricsSettings | undefined {
  const exporters = readExporters(env, 'metrics', ['otlp', 'prometheus']);
  env.read('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', Word(['cumulative']));
  const settings = {
    otlp: readOtlpSettings(env, 'metrics'),
    intervalMs: env.read('OTEL_METRIC_EXPORT_INTERVAL', Whole(1)) ?? 60_000,
    timeoutMs: env.read('OTEL_METRIC_EXPORT_TIMEOUT', Timeout) ?? 30_000,
  };
  if (exporters === undefined)
    env.reportEach(
      /^OTEL_(EXPORTER_OTLP_METRICS|METRIC_EXPORT)_/,
      'is of no use without OTEL_METRICS_EXPORTER: it changes nothing here',
    );
  return exporters?.includes('otlp') ? settings : undefined;
}
