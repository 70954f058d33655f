import { z } from 'zod';
import { AmountMinor, Currency, Money, MoneyReply } from './money.ts';
import { defineOperation } from './operation.ts';
import {
  exampleOrderId,
  Instant,
  OrderId,
  OrderIdBody,
  OrderIdParams,
  OrderIdReply,
  PaymentMethod,
  PaymentToken,
} from './order.ts';
import { NextCursor, PageQuery } from './page.ts';

const service = 'payment-service';
const amount = { amountMinor: 2400, currency: 'EUR' } as const;
const PaymentId = z.string().min(1).max(80);

const processPayment = defineOperation({
  name: 'payment.process',
  service,
  kind: 'effect',
  method: 'POST',
  path: '/process',
  summary: 'Take money for an order',
  undo: '/refund',
  body: z.strictObject({
    orderId: OrderId,
    amount: Money,
    method: PaymentMethod,
    token: PaymentToken,
  }),
  replies: {
    200: z.object({
      orderId: OrderId,
      paymentId: PaymentId,
      amount: MoneyReply.optional().meta({ description: 'What was taken' }),
    }),
  },
  problems: {
    'payment-declined': { status: 409, title: 'The provider declined the payment', refusal: true },
  },
  examples: {
    body: { orderId: exampleOrderId, amount, method: 'card', token: 'tok_ok' },
    reply: { orderId: exampleOrderId, paymentId: 'pay_1' },
    refusal: {
      code: 'payment-declined',
      body: { orderId: exampleOrderId, amount, method: 'card', token: 'tok_declined' },
    },
  },
});

const refund = defineOperation({
  name: 'payment.refund',
  service,
  kind: 'undo',
  method: 'POST',
  path: '/refund',
  summary: 'Give the money of an order back',
  body: OrderIdBody,
  replies: { 200: OrderIdReply },
  problems: {},
  examples: { body: { orderId: exampleOrderId }, reply: { orderId: exampleOrderId } },
});

export const Payment = z
  .object({
    orderId: OrderId,
    paymentId: PaymentId,
    amount: MoneyReply,
    status: z.enum(['taken', 'given-back']),
    at: Instant,
  })
  .meta({ id: 'Payment' });
export type Payment = z.infer<typeof Payment>;

export const PaymentTotal = z
  .object({ currency: Currency, taken: AmountMinor, givenBack: AmountMinor })
  .meta({ id: 'PaymentTotal', description: 'In minor units' });
export type PaymentTotal = z.infer<typeof PaymentTotal>;

const examplePayment = {
  orderId: exampleOrderId,
  paymentId: 'pay_1',
  amount,
  status: 'taken',
  at: '2026-01-01T00:00:00.000Z',
} satisfies Payment;

const getPayments = defineOperation({
  name: 'payment.payments',
  service,
  kind: 'read',
  method: 'GET',
  path: '/payments',
  summary: 'Money taken and given back, and the newest payments',
  query: PageQuery,
  replies: {
    200: z.object({
      totals: z.array(PaymentTotal),
      payments: z.array(Payment).max(100),
      nextCursor: NextCursor,
    }),
  },
  problems: {},
  examples: {
    reply: {
      totals: [{ currency: 'EUR', taken: 2400, givenBack: 0 }],
      payments: [examplePayment],
      nextCursor: null,
    },
  },
});

const getOrderPayments = defineOperation({
  name: 'payment.order-payments',
  service,
  kind: 'read',
  method: 'GET',
  path: '/payments/:id',
  summary: 'What one order has paid',
  params: OrderIdParams,
  replies: { 200: z.object({ orderId: OrderId, payments: z.array(Payment).max(100) }) },
  problems: {},
  examples: { reply: { orderId: exampleOrderId, payments: [examplePayment] } },
});

export const paymentOperations = {
  process: processPayment,
  refund,
  getPayments,
  getOrderPayments,
};
