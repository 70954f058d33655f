/** Sends the figures of /metrics to a collector as well, now and then and at the end. */
import { setTimeout as wait } from 'node:timers/promises';
import { emptyResource } from '@opentelemetry/resources';
import {
  MeterProvider,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { Log } from './log.ts';
import { readMetricData } from './metric-data.ts';
import type { Metrics } from './metrics.ts';
import type { MetricsSettings } from './metrics-settings.ts';
import { toExporterConfig } from './otlp-exporter-config.ts';
import { createResource } from './resource.ts';
import { scope } from './span-scope.ts';
import { createLoss, watchExporter } from './watched-exporter.ts';

export interface MetricsExportOptions {
  readonly service: string;
  readonly settings: MetricsSettings;
  readonly metrics: Metrics;
  /** From `readResourceAttributes`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly log: Log;
}

const closeMaxMs = 500;

async function createExporter({ otlp }: MetricsSettings): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } =
    otlp.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter(toExporterConfig(otlp));
}

const createProducer = ({ registry }: Metrics): MetricProducer => ({
  collect: async () => {
    const { metrics, errors } = await readMetricData(registry);
    // The reader puts the provider's resource in its place.
    const resourceMetrics = { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] };
    return { resourceMetrics, errors };
  },
});

/** The returned function sends the last figures, but waits no longer than a moment. */
export async function startMetricsExport(
  options: MetricsExportOptions,
): Promise<() => Promise<void>> {
  const { service, settings, metrics, attributes, log } = options;
  const { intervalMs, timeoutMs } = settings;
  const reader = new PeriodicExportingMetricReader({
    exporter: watchExporter(
      await createExporter(settings),
      createLoss('metrics', () => log),
    ),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(timeoutMs, intervalMs),
    metricProducers: [createProducer(metrics)],
  });
  const resource = createResource(service, attributes);
  const provider = new MeterProvider({ resource, readers: [reader] });
  return async () => {
    await Promise.race([provider.shutdown(), wait(closeMaxMs, undefined, { ref: false })]);
  };
}
