import { z } from 'zod';
import { alertOperations } from './alert.ts';
import { Audit, EXAMPLE_AUDIT } from './audit.ts';
import { defineOperation } from './operation.ts';
import {
  CustomerId,
  EXAMPLE_ORDER_ID,
  Instant,
  Lines,
  OrderId,
  OrderIdParams,
  PaymentMethod,
  PaymentToken,
  Product,
} from './order.ts';
import {
  EXAMPLE_ORDER,
  OrderEvent,
  OrderLinks,
  OrderStatus,
  OrderSummary,
  OrderView,
} from './order-view.ts';
import { NextCursor, PageQuery } from './page.ts';

const service = 'orchestrator';
const notFound = { 'order-not-found': { status: 404, title: 'No such order' } } as const;

export const PlaceOrder = z
  .strictObject({
    customerId: CustomerId,
    lines: Lines,
    payment: z.strictObject({ method: PaymentMethod, token: PaymentToken }),
  })
  .meta({ title: 'PlaceOrder' });
export type PlaceOrder = z.infer<typeof PlaceOrder>;

export const Accepted = z.object({ orderId: OrderId, status: OrderStatus, links: OrderLinks });
export type Accepted = z.infer<typeof Accepted>;

/** W3C trace context and baggage: kept with the order and sent on every hop. */
const TravelsAlong = z
  .string()
  .optional()
  .meta({ description: 'W3C; travels with the order through every hop, unless it is too long' });

const TravelsAlongFromJaeger = z
  .string()
  .optional()
  .meta({ description: 'Of Jaeger clients, with `uberctx-…`; read where there is no traceparent' });

const placeOrder = defineOperation({
  name: 'orchestrator.place-order',
  service,
  kind: 'command',
  method: 'POST',
  path: '/orders',
  summary: 'Place an order: 202 once it is durable, or 200 once settled with Prefer: wait=N',
  headers: z
    .object({
      'idempotency-key': z
        .string()
        .regex(/^[!-~]{1,200}$/, 'must be 1 to 200 visible ASCII characters')
        .optional()
        .meta({ description: 'The same key and body give the same order' }),
      prefer: z
        .string()
        .max(200)
        .optional()
        .meta({ description: 'wait=N: wait at most N seconds (0 to 30) for the order to settle' }),
      traceparent: TravelsAlong,
      tracestate: TravelsAlong,
      baggage: TravelsAlong,
      'uber-trace-id': TravelsAlongFromJaeger,
      // Jaeger's clients send a header `uberctx-…` for each item of baggage.
    })
    .catchall(z.string().optional()),
  body: PlaceOrder,
  replies: { 200: OrderView, 202: Accepted },
  problems: {
    'key-reused': { status: 422, title: 'This key was used with another body' },
    'queue-full': { status: 503, title: 'Too many orders are open; nothing was stored' },
  },
  examples: {
    body: {
      customerId: 'customer-1',
      lines: [{ sku: 'mug', quantity: 2 }],
      payment: { method: 'card', token: 'tok_ok' },
    },
    reply: EXAMPLE_ORDER,
  },
});

const getOrder = defineOperation({
  name: 'orchestrator.get-order',
  service,
  kind: 'read',
  method: 'GET',
  path: '/orders/:id',
  summary: 'One order: its steps, attempts, what is owed and what happens next',
  params: OrderIdParams,
  replies: { 200: OrderView },
  problems: notFound,
  examples: { reply: EXAMPLE_ORDER },
});

const listOrders = defineOperation({
  name: 'orchestrator.list-orders',
  service,
  kind: 'read',
  method: 'GET',
  path: '/orders',
  summary: 'Orders, newest first',
  query: PageQuery.extend({ status: OrderStatus.optional() }),
  replies: { 200: z.object({ orders: z.array(OrderSummary).max(100), nextCursor: NextCursor }) },
  problems: {},
  examples: {
    reply: {
      orders: [
        {
          orderId: EXAMPLE_ORDER_ID,
          status: 'completed',
          version: 2,
          createdAt: EXAMPLE_ORDER.createdAt,
          degraded: [],
        },
      ],
      nextCursor: null,
    },
  },
});

const EventHeaders = z.object({
  'last-event-id': z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Resume after this event; an event named reset says it was pruned' }),
});
const exampleEvent = {
  orderId: EXAMPLE_ORDER_ID,
  seq: 1,
  type: 'step-succeeded',
  at: EXAMPLE_ORDER.createdAt,
};

const streamOrderEvents = defineOperation({
  name: 'orchestrator.order-events',
  service,
  kind: 'stream',
  method: 'GET',
  path: '/orders/:id/events',
  summary: "One order's events as Server-Sent Events",
  params: OrderIdParams,
  headers: EventHeaders,
  replies: { 200: OrderEvent },
  problems: notFound,
  examples: { reply: exampleEvent },
});

const streamEvents = defineOperation({
  name: 'orchestrator.events',
  service,
  kind: 'stream',
  method: 'GET',
  path: '/events',
  summary: "All orders' events as Server-Sent Events",
  headers: EventHeaders,
  replies: { 200: OrderEvent },
  problems: {},
  examples: { reply: exampleEvent },
});

const cancelOrder = defineOperation({
  name: 'orchestrator.cancel-order',
  service,
  kind: 'command',
  method: 'POST',
  path: '/orders/:id/cancel',
  summary: 'Ask that an order be undone',
  params: OrderIdParams,
  replies: { 202: z.object({ orderId: OrderId, status: z.literal('cancel-requested') }) },
  problems: {
    ...notFound,
    'past-the-pivot': { status: 409, title: 'It was paid; it can no longer be cancelled' },
    'already-settled': { status: 409, title: 'The order has already ended' },
    quarantined: { status: 409, title: 'The order is set aside; an operator must retry it first' },
  },
  examples: { reply: { orderId: EXAMPLE_ORDER_ID, status: 'cancel-requested' } },
});

const getCatalog = defineOperation({
  name: 'orchestrator.catalog',
  service,
  kind: 'read',
  method: 'GET',
  path: '/catalog',
  summary: 'Products and prices; the last known ones while the order service is down',
  replies: {
    200: z.object({
      products: z.array(Product).max(1000),
      stale: z.boolean(),
      at: Instant.meta({ description: 'When the order service said so' }),
    }),
  },
  problems: {},
  examples: {
    reply: {
      products: [{ sku: 'mug', name: 'Mug', price: { amountMinor: 1200, currency: 'EUR' } }],
      stale: false,
      at: EXAMPLE_ORDER.createdAt,
    },
  },
});

const getAudit = defineOperation({
  name: 'orchestrator.audit',
  service,
  kind: 'read',
  method: 'GET',
  path: '/audit',
  summary: 'The books, and whether they balance',
  replies: { 200: Audit },
  problems: {},
  examples: { reply: EXAMPLE_AUDIT },
});

export const orchestratorOperations = {
  placeOrder,
  getOrder,
  listOrders,
  cancelOrder,
  streamOrderEvents,
  streamEvents,
  getCatalog,
  getAudit,
  ...alertOperations,
};
