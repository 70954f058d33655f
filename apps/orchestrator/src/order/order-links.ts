/** Where an order can be looked at. */
import type { OrderView } from '@baton/contracts';
import type { RunState } from '@baton/saga';
import { readOrderTrace } from './order-trace.ts';

export type ToLinks = (orderId: string, state?: Pick<RunState, 'context'>) => OrderView['links'];

/** `jaegerUrl` is the address of Jaeger's page, such as `http://localhost:16686`; without it no trace is linked. */
export const createLinks =
  (jaegerUrl: string | undefined): ToLinks =>
  (orderId, state) => {
    const trace = jaegerUrl && state ? readOrderTrace(orderId, state.context) : undefined;
    return {
      self: `/orders/${orderId}`,
      events: `/orders/${orderId}/events`,
      cancel: `/orders/${orderId}/cancel`,
      ...(trace && { trace: `${jaegerUrl?.replace(/\/+$/, '')}/trace/${trace.traceId}` }),
    };
  };
