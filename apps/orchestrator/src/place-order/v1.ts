/** The workflow before there were alternates. */
import { type ParticipantName, PlaceOrder } from '@baton/contracts';
import type { Participants } from '@baton/runtime';
import { saga } from '@baton/saga';

export default ({
  'order-service': orders,
  'inventory-service': inventory,
  'payment-service': payments,
  'notification-service': notifications,
}: Participants) =>
  saga<PlaceOrder, ParticipantName>('place-order', {
    version: 1,
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
      perform: ({ id, input, done, call }) =>
        call(payments.process, { orderId: id, amount: done.validate.total, ...input.payment }),
      undo: ({ id, call }) => call(payments.refund, { orderId: id }),
    })
    .later('notify', {
      participant: 'notification-service',
      perform: ({ id, input, call }) =>
        call(notifications.notify, {
          orderId: id,
          customerId: input.customerId,
          template: 'order-completed',
        }),
    })
    .end();
