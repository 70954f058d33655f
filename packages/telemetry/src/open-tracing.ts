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

/** The program's own provider makes all spans but those of orders, which follow from the journal. */
function reportUnbound(env: OtelEnv): void {
  env.reportEach(/^OTEL_BSP_/, 'is up to the tracer provider that the program has registered');
  env.reportEach(
    /^OTEL_(TRACES_SAMPLER|((SPAN_|EVENT_|LINK_)?ATTRIBUTE|SPAN_EVENT|SPAN_LINK)_\w+_LIMIT)/,
    'binds orders: other spans are up to the tracer provider that the program has registered',
  );
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
  const { hasGlobalProvider } = await import('./global-parts.ts');
  if (hasGlobalProvider()) reportUnbound(env);
  return openCollector({ service, settings, attributes, log });
}
