import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { orchestratorOperations } from '@baton/contracts';
import { createLog, createMetrics } from '@baton/telemetry';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Handlers, ServerEvent } from './answer.ts';
import { createServiceApp } from './app.ts';
import type { StreamedEvent } from './event-source.ts';
import { createOrchestratorClient } from './orchestrator-client.ts';

const { getOrder, placeOrder, cancelOrder, listOrders, streamEvents, streamOrderEvents } =
  orchestratorOperations;
const operations = {
  getOrder,
  placeOrder,
  cancelOrder,
  listOrders,
  streamEvents,
  streamOrderEvents,
};
const accepted = {
  orderId: 'ord_1',
  status: 'accepted',
  links: { self: '/orders/ord_1', events: '/e', cancel: '/c' },
} as const;
const matrixOrder = {
  customerId: 'customer-1',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
} as const;

const toEvent = (seq: number): ServerEvent => ({
  id: `e${seq}`,
  event: 'step-succeeded',
  data: {
    orderId: 'ord_1',
    seq,
    type: 'step-succeeded',
    at: '2026-01-01T00:00:00.000Z',
    step: 'pay',
  },
});
async function* unending(): AsyncGenerator<ServerEvent> {
  yield toEvent(1);
  await new Promise(() => {});
}
async function* some(first: number, last: number): AsyncGenerator<ServerEvent> {
  for (let seq = first; seq <= last; seq += 1) yield toEvent(seq);
}

async function start(handlers: Partial<Handlers<typeof operations>>) {
  const nothing = (): never => {
    throw new Error('not asked for by this test');
  };
  const { app } = createServiceApp({
    service: 'orchestrator',
    operations: operations,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
  })({
    getOrder: nothing,
    placeOrder: nothing,
    cancelOrder: nothing,
    listOrders: nothing,
    streamEvents: nothing,
    streamOrderEvents: nothing,
    ...handlers,
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const client = createOrchestratorClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  onTestFinished(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return client;
}

it('resumes after the last event it saw when the connection ends', async () => {
  const asked: (string | undefined)[] = [];
  const client = await start({
    streamEvents: ({ headers }) => {
      asked.push(headers['last-event-id']);
      return { events: asked.length === 1 ? some(1, 2) : some(3, 4) };
    },
  });
  const giveUp = new AbortController();
  const seen: number[] = [];
  for await (const streamed of client.events({ signal: giveUp.signal })) {
    if (streamed.kind !== 'event') throw new Error(`unexpected ${streamed.kind}`);
    expect(streamed.event).toMatchObject({ orderId: 'ord_1', type: 'step-succeeded', step: 'pay' });
    seen.push(streamed.event.seq);
    if (seen.length === 4) giveUp.abort();
  }
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([undefined, 'e2']);
});

it('says that events may be missing where the connection was lost before the first one', async () => {
  let asked = 0;
  const client = await start({
    streamEvents: async () => {
      asked += 1;
      return { events: asked === 1 ? some(1, 0) : some(5, 5) };
    },
  });
  const seen: StreamedEvent['kind'][] = [];
  for await (const { kind } of client.events({ signal: AbortSignal.timeout(60_000) })) {
    seen.push(kind);
    if (kind === 'event') break;
  }
  expect(seen).toEqual(['reset', 'event']);
});

it('passes a reset on', async () => {
  const client = await start({
    streamEvents: async () => ({
      events: (async function* reset(): AsyncGenerator<ServerEvent> {
        yield { id: 'e9', event: 'reset', data: {} };
      })(),
    }),
  });
  for await (const streamed of client.events({ signal: AbortSignal.timeout(60_000) })) {
    expect(streamed).toEqual({ kind: 'reset', id: 'e9' });
    break;
  }
});

it('says no once when the order is not known', async () => {
  const client = await start({ streamOrderEvents: () => ({ problem: 'order-not-found' }) });
  const signal = AbortSignal.timeout(60_000);
  const seen: StreamedEvent[] = [];
  for await (const streamed of client.events({ orderId: 'ord_9', signal })) seen.push(streamed);
  expect(seen).toEqual([{ kind: 'refused', status: 404 }]);
});

it('lets go of the events, and of its heartbeat, when the reader leaves', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const returned = Promise.withResolvers<void>();
  const events: AsyncIterable<ServerEvent> = {
    [Symbol.asyncIterator]: () => {
      const inner = unending();
      return {
        next: () => inner.next(),
        return: async () => {
          returned.resolve();
          return { done: true, value: undefined };
        },
      };
    },
  };
  const client = await start({ streamEvents: () => ({ events }) });
  for await (const streamed of client.events({ signal: AbortSignal.timeout(60_000) })) {
    expect(streamed.kind).toBe('event');
    expect(vi.getTimerCount()).toBe(1);
    break;
  }
  await client.close();
  await returned.promise;
  expect(vi.getTimerCount()).toBe(0);
});

it('sends the key and the wait of an order, and reads either answer', async () => {
  const client = await start({
    placeOrder: ({ headers, body }) => {
      expect(body).toEqual(matrixOrder);
      expect(headers).toMatchObject({ 'idempotency-key': 'mine', prefer: 'wait=5' });
      return { status: 202, body: accepted, headers: { location: '/orders/ord_1' } };
    },
  });
  const placed = await client.placeOrder(matrixOrder, { idempotencyKey: 'mine', waitSeconds: 5 });
  expect(placed).toEqual({ ok: true, status: 202, body: accepted });
});

it('reads a listed problem by its code', async () => {
  const client = await start({
    placeOrder: () => ({ problem: 'queue-full', headers: { 'retry-after': '1' } }),
    cancelOrder: () => ({ problem: 'past-the-pivot' }),
  });
  expect(await client.placeOrder(matrixOrder)).toEqual({
    ok: false,
    code: 'queue-full',
    status: 503,
  });
  expect(await client.cancelOrder('ord_1')).toEqual({
    ok: false,
    code: 'past-the-pivot',
    status: 409,
  });
});

it('parses query and parameters before the handler sees them', async () => {
  const client = await start({
    listOrders: ({ query }) => {
      expect(query).toEqual({ limit: 50, status: 'stuck' });
      return { status: 200, body: { orders: [], nextCursor: null } };
    },
  });
  expect(await client.listOrders({ status: 'stuck' })).toMatchObject({ ok: true });
  expect(await client.listOrders({ limit: 1_000 })).toEqual({
    ok: false,
    code: 'bad-request',
    status: 400,
  });
  expect(await client.getOrder('nonsense')).toMatchObject({ code: 'bad-request' });
});

it('ends the answer, and tells the log alone, when the events fail half-way', async () => {
  let asked = 0;
  const client = await start({
    streamEvents: () => {
      asked += 1;
      if (asked === 2) return { problem: 'not-found' };
      return {
        events: (async function* failing(): AsyncGenerator<ServerEvent> {
          yield toEvent(1);
          throw new Error('secret internal text');
        })(),
      };
    },
  });
  const kinds: string[] = [];
  for await (const { kind } of client.events({ signal: AbortSignal.timeout(60_000) })) {
    kinds.push(kind);
  }
  expect(kinds).toEqual(['event', 'refused']);
});
