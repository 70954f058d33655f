/** What goes wrong with orders, and what is done about it, as lines that lead to their traces. */
import type { EventType, Feed } from '@baton/saga';
import type { Log } from '@baton/telemetry';
import { findSpan } from './order-trace.ts';

/** What every order goes through is told only to who asks for details. */
const told: { readonly [T in EventType]?: 'info' | 'debug' } = {
  accepted: 'debug',
  completed: 'debug',
  'step-deferred': 'info',
  'alternate-chosen': 'info',
  'compensation-decided': 'info',
  compensated: 'info',
  'cancel-requested': 'info',
  'retry-requested': 'info',
  'written-off': 'info',
  recovered: 'info',
  quarantined: 'info',
};

export function logOrders(feed: Pick<Feed, 'subscribe'>, log: Log): void {
  feed.subscribe(({ run, event, state }) => {
    const level = told[event.type];
    if (!level || !log.isLevelEnabled(level)) return;
    const span = findSpan(run, state);
    const code = 'code' in event ? { code: event.code } : {};
    const ids = span ? { trace_id: span.traceId, span_id: span.spanId } : {};
    log[level]({ orderId: run, ...code, ...ids }, event.type.replaceAll('-', ' '));
  });
}
