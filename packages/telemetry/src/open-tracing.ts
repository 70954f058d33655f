/** Tracing for a program, where the environment says where spans go. Context travels on in any case. */
import type { Log } from './log.ts';
import { openPropagator } from './open-propagator.ts';
import type { OtelEnv } from './otel-env.ts';
import { readResourceAttributes } from './resource-settings.ts';
import { readTraceSettings } from './trace-settings.ts';
import type { Tracing } from './tracing.ts';

export interface OpenTracingOptions {
  readonly env: OtelEnv;
  /** Its name, unless the environment has another. */
  readonly service: string;
  readonly log: Log;
}

/** Spans' code is loaded only here: it would be a good part of every program's start. */
export async function openTracing({
  env,
  service,
  log,
}: OpenTracingOptions): Promise<Tracing | undefined> {
  await openPropagator(env);
  const settings = readTraceSettings(env);
  const attributes = readResourceAttributes(env, service);
  if (settings.exporters.length === 0) return undefined;
  const { openCollector } = await import('./collector.ts');
  return openCollector({ service, settings, attributes, log });
}
