/** The orchestrator, for other programs: place orders, follow them, cancel them. */
import { type BodyInputOf, orchestratorOperations, type QueryInputOf } from '@baton/contracts';
import { createClient, type ReadOptions, type ReadReply } from './client.ts';
import { createEventSource, type EventsOptions, type StreamedEvent } from './event-source.ts';
import type { HttpOptions } from './transport.ts';

type Contract = typeof orchestratorOperations;
export interface CallOptions {
  /** Default: a call ends after half a minute, and the time that it asks to wait. */
  readonly signal?: AbortSignal;
}
export interface PlaceOptions extends CallOptions {
  /** The same key and order never make a second order. */
  readonly idempotencyKey?: string;
  /** Wait for the order to settle, 0 to 30 s. */
  readonly waitSeconds?: number;
  /** W3C; travels with the order through every hop. */
  readonly baggage?: string;
}

export interface OrchestratorClient {
  readonly placeOrder: (
    order: BodyInputOf<Contract['placeOrder']>,
    options?: PlaceOptions,
  ) => Promise<ReadReply<Contract['placeOrder']>>;
  readonly getOrder: (
    orderId: string,
    options?: CallOptions,
  ) => Promise<ReadReply<Contract['getOrder']>>;
  readonly listOrders: (
    query?: QueryInputOf<Contract['listOrders']>,
    options?: CallOptions,
  ) => Promise<ReadReply<Contract['listOrders']>>;
  readonly cancelOrder: (
    orderId: string,
    options?: CallOptions,
  ) => Promise<ReadReply<Contract['cancelOrder']>>;
  readonly getCatalog: (options?: CallOptions) => Promise<ReadReply<Contract['getCatalog']>>;
  readonly getAudit: (options?: CallOptions) => Promise<ReadReply<Contract['getAudit']>>;
  /** Resumes after a lost connection, until the signal aborts. */
  readonly events: (options: EventsOptions) => AsyncGenerator<StreamedEvent, void>;
  readonly close: () => Promise<void>;
}

const deadlineMs = 30_000;

const toOptions = ({ signal }: CallOptions = {}, waitSeconds = 0): { signal: AbortSignal } => ({
  signal: signal ?? AbortSignal.timeout(deadlineMs + waitSeconds * 1_000),
});

function toPlaceOptions(options: PlaceOptions = {}): ReadOptions {
  const { idempotencyKey, waitSeconds, baggage } = options;
  return {
    ...toOptions(options, waitSeconds),
    headers: {
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
      ...(baggage === undefined ? {} : { baggage }),
    },
  };
}

export function createOrchestratorClient(options: HttpOptions): OrchestratorClient {
  const client = createClient(orchestratorOperations, options);
  const source = createEventSource(options);
  return {
    placeOrder: (body, call) => client.placeOrder({ body }, toPlaceOptions(call)),
    getOrder: (id, call) => client.getOrder({ params: { id } }, toOptions(call)),
    listOrders: (query, call) => client.listOrders({ query: query ?? {} }, toOptions(call)),
    cancelOrder: (id, call) => client.cancelOrder({ params: { id } }, toOptions(call)),
    getCatalog: (call) => client.getCatalog({}, toOptions(call)),
    getAudit: (call) => client.getAudit({}, toOptions(call)),
    events: source.events,
    close: async () => {
      await Promise.all([client.close(), source.close()]);
    },
  };
}
