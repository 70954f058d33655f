/**
 * The workflow: validate → reserve → pay → notify. What a step means is its participant's business; here stands only
 * who is asked, in which order, how it is undone, and who else can do it.
 */
import { type ParticipantName, PlaceOrder } from '@baton/contracts';
import type { Participants } from '@baton/runtime';
import { saga } from '@baton/saga';

/** Where somebody else can do it, a way is given up in seconds: a buyer waits. */
const payFirst = { attemptsMax: 3, budgetMs: 10_000 };
/**
 * Both together hold a completion up no longer than one way alone may by default. An SMS goes out also where nobody
 * knows whether the e-mail did: twice is better than never.
 */
const notifyEither = { attemptsMax: 2, budgetMs: 2_500 };

export default ({
  'order-service': orders,
  'inventory-service': inventory,
  'payment-service': payments,
  'payment-alternate': alternatePayments,
  'notification-service': notifications,
}: Participants) =>
  saga<PlaceOrder, ParticipantName>('place-order', {
    version: 2,
    input: PlaceOrder,
    secrets: ['payment.token'],
  })
    .step('validate', {
      participant: 'order-service',
      perform: ({ id, input, call }) =>
        call(orders.validate, { orderId: id, customerId: input.customerId, lines: input.lines }),
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
        call(notifications.notify, {
          orderId: id,
          customerId,
          template: 'order-completed',
          channel: 'email',
        }),
      alternate: {
        participant: 'notification-service',
        retry: notifyEither,
        perform: ({ id, input: { customerId }, call }) =>
          call(notifications.notify, {
            orderId: id,
            customerId,
            template: 'order-completed',
            channel: 'sms',
          }),
      },
    })
    .end();
