import { z } from 'zod';
import { MoneyReply } from './money.ts';
import { defineOperation } from './operation.ts';
import {
  CustomerId,
  exampleOrderId,
  Lines,
  LinesReply,
  OrderId,
  OrderIdBody,
  OrderIdParams,
  OrderIdReply,
  Product,
} from './order.ts';

const service = 'order-service';
const lines = [{ sku: 'mug', quantity: 2 }];
const total = { amountMinor: 2400, currency: 'EUR' } as const;

const validate = defineOperation({
  name: 'order.validate',
  service,
  kind: 'effect',
  method: 'POST',
  path: '/validate',
  summary: 'Check an order and price it from the catalogue',
  undo: '/cancel',
  body: z.strictObject({ orderId: OrderId, customerId: CustomerId, lines: Lines }),
  replies: { 200: z.object({ orderId: OrderId, lines: LinesReply, total: MoneyReply }) },
  problems: {
    'unknown-sku': { status: 409, title: 'The catalogue has no such product', refusal: true },
    'mixed-currency': { status: 409, title: 'One order has one currency', refusal: true },
    'total-too-large': { status: 409, title: 'The total is above the limit', refusal: true },
  },
  examples: {
    body: { orderId: exampleOrderId, customerId: 'customer-1', lines },
    reply: { orderId: exampleOrderId, lines, total },
    refusal: {
      code: 'unknown-sku',
      body: {
        orderId: exampleOrderId,
        customerId: 'customer-1',
        lines: [{ sku: 'no-such-product', quantity: 1 }],
      },
    },
  },
});

const cancel = defineOperation({
  name: 'order.cancel',
  service,
  kind: 'undo',
  method: 'POST',
  path: '/cancel',
  summary: 'Cancel a validated order',
  body: OrderIdBody,
  replies: { 200: OrderIdReply },
  problems: {},
  examples: { body: { orderId: exampleOrderId }, reply: { orderId: exampleOrderId } },
});

const getOrder = defineOperation({
  name: 'order.get',
  service,
  kind: 'read',
  method: 'GET',
  path: '/orders/:id',
  summary: 'One order as this service knows it',
  params: OrderIdParams,
  replies: {
    200: z.object({
      orderId: OrderId,
      customerId: CustomerId,
      status: z.enum(['validated', 'cancelled']),
      lines: LinesReply,
      total: MoneyReply,
    }),
  },
  problems: { 'order-not-found': { status: 404, title: 'No such order' } },
  examples: {
    reply: {
      orderId: exampleOrderId,
      customerId: 'customer-1',
      status: 'validated',
      lines,
      total,
    },
  },
});

const getCatalog = defineOperation({
  name: 'order.catalog',
  service,
  kind: 'read',
  method: 'GET',
  path: '/catalog',
  summary: 'Products and prices',
  replies: { 200: z.object({ products: z.array(Product).max(1000) }) },
  problems: {},
  examples: {
    reply: {
      products: [{ sku: 'mug', name: 'Mug', price: { amountMinor: 1200, currency: 'EUR' } }],
    },
  },
});

export const orderOperations = { validate, cancel, getOrder, getCatalog };
