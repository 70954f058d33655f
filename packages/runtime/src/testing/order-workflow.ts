/** Orders as a shop may have them, for tests: an undo each, then a pivot and a deferred step, both with an alternate. */
import { orderContract, orderRunOperations, type PlaceOrder } from '@baton/contracts';
import { type RunState, readWay, type Saga, saga } from '@baton/saga';
import { z } from 'zod';
import type { Participants } from '../participants.ts';
import { hash } from '../run/run-id.ts';
import type { Workflow } from '../workflow.ts';

const payFirst = { attemptsMax: 3, budgetMs: 10_000 };
const notifyEither = { attemptsMax: 2, budgetMs: 2_500 };

export function createOrderSaga({
  'order-service': orders,
  'inventory-service': inventory,
  'payment-service': payments,
  'payment-alternate': alternatePayments,
  'notification-service': notifications,
}: Participants) {
  const template = 'order-completed' as const;
  return saga('place-order', {
    version: 2,
    input: orderContract.input,
    secrets: ['payment.token'],
  })
    .step('validate', {
      participant: 'order-service',
      perform: ({ id, input: { customerId, lines }, call }) =>
        call(orders.validate, { orderId: id, customerId, lines }),
      undo: ({ id, call }) => call(orders.cancel, { orderId: id }),
    })
    .step('reserve', {
      participant: 'inventory-service',
      perform: ({ id, done, call }) =>
        call(inventory.reserve, { orderId: id, lines: done.validate.lines }),
      undo: ({ id, call }) => call(inventory.release, { orderId: id }),
    })
    .pivot('pay', {
      participant: 'payment-service',
      retry: payFirst,
      perform: ({ id, input, done, call }) =>
        call(payments.process, { orderId: id, amount: done.validate.total, ...input.payment }),
      undo: ({ id, call }) => call(payments.refund, { orderId: id }),
      alternate: {
        participant: 'payment-alternate',
        perform: ({ id, input, done, call }) =>
          call(alternatePayments.process, {
            orderId: id,
            amount: done.validate.total,
            ...input.payment,
          }),
        undo: ({ id, call }) => call(alternatePayments.refund, { orderId: id }),
      },
    })
    .later('notify', {
      participant: 'notification-service',
      retry: notifyEither,
      perform: ({ id, input: { customerId }, call }) =>
        call(notifications.notify, { orderId: id, customerId, template, channel: 'email' }),
      alternate: {
        participant: 'notification-service',
        retry: notifyEither,
        perform: ({ id, input: { customerId }, call }) =>
          call(notifications.notify, { orderId: id, customerId, template, channel: 'sms' }),
      },
    })
    .end();
}

/** The version before it knew no alternate. */
function createOrderSaga1(participants: Participants): Saga<PlaceOrder> {
  const newer = createOrderSaga(participants);
  const plan = newer.plan.map((step) => ({ ...step, alternate: null }));
  return { ...newer, version: 1, structure: newer.structure.replaceAll(/\|[a-z-]+/g, ''), plan };
}

export const createOrderSagas = (
  participants: Participants,
): readonly [Saga<PlaceOrder>, Saga<PlaceOrder>] => [
  createOrderSaga(participants),
  createOrderSaga1(participants),
];

const Priced = z.object({
  total: z.object({ amountMinor: z.int(), currency: z.enum(['EUR', 'USD']) }),
});
const readTotal = (state: RunState) =>
  Priced.safeParse(readWay(state, 'validate').output).data?.total;
const Asked = z.object({ customerId: z.string() });
const Paid = z.object({ paymentId: z.string() });

export const createOrderWorkflow = (participants: Participants): Workflow => ({
  ...orderContract,
  operations: orderRunOperations,
  versions: createOrderSagas(participants),
  summarize: (state) => ({ ...Priced.safeParse({ total: readTotal(state) }).data }),
  describe: (state) => {
    const total = readTotal(state);
    return total && `worth ${(total.amountMinor / 100).toFixed(2)} ${total.currency}`;
  },
  toResult: (way, state) => Paid.safeParse(readWay(state, way).output).data,
  describeResult: (way, state) => Paid.safeParse(readWay(state, way).output).data?.paymentId,
  describeHeld: (way) => (/^(reserve|pay)/.test(way) ? `what ${way} moved` : undefined),
  undone: 'no stock held, no money kept',
  search: {
    label: 'customer',
    toWords: ({ input }) => [Asked.parse(input).customerId],
  },
  toKeyOwner: (input) => orderContract.input.safeParse(input).data?.customerId ?? '',
  toFingerprint: (input) => hash([JSON.stringify(input)]),
});
