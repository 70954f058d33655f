/**
 * Posts alerts to an address, one after the other. It holds nothing up and throws nothing: an alert that cannot be
 * delivered is dropped with a log line, since the journal and GET /alerts have it.
 */
import type { AlertDelivery } from '@baton/contracts';
import type { Clock } from '@baton/saga';
import { type Log, runUntraced } from '@baton/telemetry';

export interface WebhookOptions {
  /** From configuration. It may hold a secret, so it is never logged. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeoutMs?: number;
}
export interface Webhook {
  send(delivery: AlertDelivery): void;
  /** Gives up the alerts that are under way or wait. */
  stop(): void;
}

const queueMax = 100;
/** After the first try, in milliseconds. */
const retryDelays = [1_000, 5_000, 30_000];

export function createWebhook({ url, clock, log, timeoutMs = 3_000 }: WebhookOptions): Webhook {
  const stopping = new AbortController();
  const queue: AlertDelivery[] = [];
  let isSending = false;
  const post = async (delivery: AlertDelivery): Promise<boolean> => {
    try {
      const response = await runUntraced(() =>
        fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(delivery),
          redirect: 'error',
          signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(timeoutMs)]),
        }),
      );
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
  const deliver = async (delivery: AlertDelivery): Promise<void> => {
    for (const delayMs of [0, ...retryDelays]) {
      if (delayMs > 0) await wait(clock, delayMs, stopping.signal);
      if (stopping.signal.aborted || (await post(delivery))) return;
    }
    log.warn({ alert: delivery.alert.id }, 'the webhook did not take an alert');
  };
  const drain = async (): Promise<void> => {
    isSending = true;
    for (let next = queue.shift(); next; next = queue.shift()) await deliver(next);
    isSending = false;
  };
  return {
    send: (delivery) => {
      if (stopping.signal.aborted) return;
      queue.push(delivery);
      if (queue.length > queueMax) {
        const dropped = queue.shift();
        log.warn({ alert: dropped?.alert.id }, 'the webhook is too slow: an alert was dropped');
      }
      if (!isSending) void drain();
    },
    stop: () => {
      queue.length = 0;
      stopping.abort();
    },
  };
}

const wait = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const callOff = clock.setTimer(delayMs, resolve);
    signal.addEventListener(
      'abort',
      () => {
        callOff();
        resolve();
      },
      { once: true },
    );
  });
