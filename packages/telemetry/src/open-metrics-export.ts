/** Sends a program's figures to a collector, where the environment asks for it. The exporter is loaded only then. */
import type { MetricsExportOptions } from './metrics-export.ts';
import { readMetricsSettings } from './metrics-settings.ts';
import type { OtelEnv } from './otel-env.ts';
import { readResourceAttributes } from './resource-settings.ts';

export interface OpenMetricsExportOptions
  extends Pick<MetricsExportOptions, 'service' | 'metrics' | 'log'> {
  readonly env: OtelEnv;
}

/** The returned function sends the last figures, but waits no longer than a moment. */
export async function openMetricsExport({
  env,
  ...options
}: OpenMetricsExportOptions): Promise<() => Promise<void>> {
  const settings = readMetricsSettings(env);
  const attributes = readResourceAttributes(env, options.service);
  if (settings === undefined) return async () => {};
  const { startMetricsExport } = await import('./metrics-export.ts');
  return startMetricsExport({ ...options, attributes, settings });
}
