import { z } from 'zod';
import { defineOperation } from './operation.ts';
import {
  exampleOrderId,
  Lines,
  LinesReply,
  OrderId,
  OrderIdBody,
  OrderIdParams,
  OrderIdReply,
  Sku,
} from './order.ts';

const service = 'inventory-service';

const reserve = defineOperation({
  name: 'inventory.reserve',
  service,
  kind: 'effect',
  method: 'POST',
  path: '/reserve',
  summary: 'Hold stock for an order',
  undo: '/release',
  body: z.strictObject({ orderId: OrderId, lines: Lines }),
  replies: {
    200: z.object({
      orderId: OrderId,
      reservationId: z.string().min(1).max(80),
      lines: LinesReply.optional().meta({ description: 'What is held' }),
    }),
  },
  problems: {
    'out-of-stock': { status: 409, title: 'Not enough free stock', refusal: true },
    'unknown-sku': { status: 409, title: 'No such product in stock', refusal: true },
  },
  examples: {
    body: { orderId: exampleOrderId, lines: [{ sku: 'mug', quantity: 2 }] },
    reply: { orderId: exampleOrderId, reservationId: 'res_1' },
    refusal: {
      code: 'unknown-sku',
      body: { orderId: exampleOrderId, lines: [{ sku: 'no-such-product', quantity: 1 }] },
    },
  },
});

const release = defineOperation({
  name: 'inventory.release',
  service,
  kind: 'undo',
  method: 'POST',
  path: '/release',
  summary: 'Give held stock back',
  body: OrderIdBody,
  replies: { 200: OrderIdReply },
  problems: {},
  examples: { body: { orderId: exampleOrderId }, reply: { orderId: exampleOrderId } },
});

const Count = z.int().min(0);

export const StockLevel = z
  .object({ sku: Sku, onHand: Count, free: Count, held: Count })
  .meta({ id: 'StockLevel', description: 'onHand = free + held, always' });
export type StockLevel = z.infer<typeof StockLevel>;

const getStock = defineOperation({
  name: 'inventory.stock',
  service,
  kind: 'read',
  method: 'GET',
  path: '/stock',
  summary: 'Stock per product',
  replies: { 200: z.object({ products: z.array(StockLevel).max(1000) }) },
  problems: {},
  examples: { reply: { products: [{ sku: 'mug', onHand: 10, free: 8, held: 2 }] } },
});

/** The order's lines of one product together: several lines may ask for it. */
const HeldLine = z.object({ sku: Sku, quantity: z.int().min(1) }).meta({ id: 'HeldLine' });

const getReservation = defineOperation({
  name: 'inventory.reservation',
  service,
  kind: 'read',
  method: 'GET',
  path: '/reservations/:id',
  summary: 'What is held for one order',
  params: OrderIdParams,
  replies: { 200: z.object({ orderId: OrderId, lines: z.array(HeldLine).min(1).max(50) }) },
  problems: { 'nothing-held': { status: 404, title: 'Nothing is held for this order' } },
  examples: { reply: { orderId: exampleOrderId, lines: [{ sku: 'mug', quantity: 2 }] } },
});

export const inventoryOperations = { reserve, release, getStock, getReservation };
