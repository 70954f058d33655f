/** The shop's workflow as clients see it: orders. */
import { z } from 'zod';
import { MoneyReply } from './money.ts';
import { CustomerId, Lines, PaymentMethod, PaymentToken } from './order.ts';
import { createRunOperations } from './run-operations.ts';

export const PlaceOrder = z
  .strictObject({
    customerId: CustomerId,
    lines: Lines,
    payment: z.strictObject({ method: PaymentMethod, token: PaymentToken }),
  })
  .meta({ id: 'PlaceOrder' });
export type PlaceOrder = z.infer<typeof PlaceOrder>;

export const orderContract = {
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  input: PlaceOrder,
  summary: { total: MoneyReply.optional() },
  exampleInput: {
    customerId: 'customer-1',
    lines: [{ sku: 'mug', quantity: 2 }],
    payment: { method: 'card', token: 'tok_ok' },
  },
  exampleSummary: { total: { amountMinor: 2400, currency: 'EUR' } },
  exampleStep: { name: 'validate', participant: 'order-service' },
} as const;

export const orderRunOperations = createRunOperations(orderContract);

export const OrderView = orderRunOperations.get.replies[200];
export type OrderView = z.infer<typeof OrderView>;
export const Accepted = orderRunOperations.submit.replies[202];
export type Accepted = z.infer<typeof Accepted>;
export const OrderEvent = orderRunOperations.streamEvents.replies[200];
export type OrderEvent = z.infer<typeof OrderEvent>;
