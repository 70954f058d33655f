import { type AlertRule, alertRules } from '@baton/contracts';
import type { Metrics } from '@baton/telemetry';
import { Counter, Gauge } from 'prom-client';

/** Returns how to count one more. Every rule is there from the start, so that a first alert is a rise. */
export function countAlerts(
  readOpen: () => readonly { readonly rule: AlertRule }[],
  { registry }: Metrics,
): (rule: AlertRule) => void {
  const registers = [registry];
  const labelNames = ['rule'] as const;
  new Gauge({
    name: 'baton_alerts_open',
    help: 'Open alerts of the watchdog, by rule',
    labelNames,
    registers,
    collect() {
      const open = readOpen();
      for (const rule of alertRules)
        this.set({ rule }, open.filter((alert) => alert.rule === rule).length);
    },
  });
  const total = new Counter({
    name: 'baton_alerts_total',
    help: 'Alerts that the watchdog opened, by rule',
    labelNames,
    registers,
  });
  for (const rule of alertRules) total.inc({ rule }, 0);
  return (rule) => total.inc({ rule });
}
