import type { EngineCounts } from '@baton/saga';
import type { Metrics } from '@baton/telemetry';
import { Gauge } from 'prom-client';

/** What is known of how this process came to be the active one. Times are milliseconds of one monotonic clock. */
export interface Start {
  /** When a look found the lock held by another process for the last time; null where none did. */
  readonly heldElsewhereAt: number | null;
  readonly lockedAt: number;
  readonly openedAt: number;
}

/** Said once, when the port is open. */
export function showStart({ heldElsewhereAt, lockedAt, openedAt }: Start, metrics: Metrics): void {
  const addGauge = (name: string, help: string, ms: number) =>
    new Gauge({ name, help, registers: [metrics.registry] }).set(ms / 1_000);
  addGauge(
    'baton_recovery_seconds',
    'From having the journal to the open port, when this process became the active one',
    openedAt - lockedAt,
  );
  addGauge(
    'baton_take_over_seconds',
    'From the last look that found the journal held by another process to the open port; 0 if none held it',
    heldElsewhereAt === null ? 0 : openedAt - heldElsewhereAt,
  );
}

/** Counted when the engine has just begun. */
export function showRecovered(
  { open, quarantined }: Pick<EngineCounts, 'open' | 'quarantined'>,
  { registry }: Metrics,
): void {
  const name = 'baton_orders_recovered';
  const help = 'Open orders that this process found in the journal when it started';
  new Gauge({ name, help, registers: [registry] }).set(open + quarantined);
}
