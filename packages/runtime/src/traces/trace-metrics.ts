import type { Metrics } from '@baton/telemetry';
import { Gauge } from 'prom-client';
import type { SpanExport } from './span-export.ts';

export function measureTraceBacklog(
  { readBacklog }: Pick<SpanExport, 'readBacklog'>,
  { registry }: Metrics,
): void {
  new Gauge({
    name: 'baton_trace_backlog_events',
    help: 'Events of the journal whose spans have not arrived at the collector yet',
    registers: [registry],
    async collect() {
      this.set(await readBacklog());
    },
  });
}
