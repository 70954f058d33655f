/** Tracing for a program, where somebody said where spans go. */
import type { CollectorOptions } from './collector.ts';
import type { Tracing } from './tracing.ts';

export interface OpenTracingOptions extends Omit<CollectorOptions, 'endpoint'> {
  /** Such as `http://localhost:4318`; without one nothing is traced. */
  readonly endpoint: string | undefined;
}

/** What makes and sends spans is loaded only here: it would be a good part of what every program takes to start. */
export async function openTracing({
  endpoint,
  ...options
}: OpenTracingOptions): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { openCollector } = await import('./collector.ts');
  return openCollector({ ...options, endpoint });
}
