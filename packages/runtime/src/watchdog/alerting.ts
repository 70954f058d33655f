/** The watchdog, and where its alerts go: the log, the metrics, and an address if one is named. */
import type { Log, Metrics } from '@baton/telemetry';
import { countAlerts } from './alert-metrics.ts';
import { createWatchdog, type Watchdog, type WatchdogOptions } from './watchdog-loop.ts';
import { createWebhook } from './webhook.ts';

export interface AlertingOptions extends Omit<WatchdogOptions, 'onAlert'> {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly webhookUrl?: string | undefined;
}

export async function startAlerting({
  metrics,
  webhookUrl,
  ...options
}: AlertingOptions): Promise<Watchdog> {
  const { log, clock } = options;
  const webhook = webhookUrl === undefined ? null : createWebhook({ url: webhookUrl, clock, log });
  const watchdog = await createWatchdog({
    ...options,
    onAlert: (type, alert) => {
      const { rule, subject, message, action, result } = alert;
      if (type === 'opened') {
        count(rule);
        log.warn({ rule, subject, action }, `alert: ${message}`);
      } else log.info({ rule, subject, result }, `alert resolved: ${message}`);
      webhook?.send({ type, alert });
    },
  });
  const count = countAlerts(watchdog.openAlerts, metrics);
  return {
    ...watchdog,
    stop: () => {
      watchdog.stop();
      webhook?.stop();
    },
  };
}
