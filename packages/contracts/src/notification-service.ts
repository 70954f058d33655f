import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { CustomerId, exampleOrderId, Instant, OrderId } from './order.ts';
import { NextCursor, PageQuery } from './page.ts';

const service = 'notification-service';
const MessageId = z.string().min(1).max(80);
const Template = z.enum(['order-completed']);
const Channel = z.enum(['email', 'sms']);

const notify = defineOperation({
  name: 'notification.notify',
  service,
  kind: 'effect',
  method: 'POST',
  path: '/notify',
  summary: 'Tell the customer',
  // A message that was sent cannot be called back.
  undo: null,
  body: z.strictObject({
    orderId: OrderId,
    customerId: CustomerId,
    template: Template,
    channel: Channel.default('email'),
  }),
  replies: { 200: z.object({ orderId: OrderId, messageId: MessageId }) },
  problems: {},
  examples: {
    body: {
      orderId: exampleOrderId,
      customerId: 'customer-1',
      template: 'order-completed',
      channel: 'email',
    },
    reply: { orderId: exampleOrderId, messageId: 'msg_1' },
  },
});

export const Notification = z
  .object({
    orderId: OrderId,
    customerId: CustomerId,
    messageId: MessageId,
    template: Template,
    channel: Channel,
    at: Instant,
  })
  .meta({ id: 'Notification' });
export type Notification = z.infer<typeof Notification>;

const getNotifications = defineOperation({
  name: 'notification.notifications',
  service,
  kind: 'read',
  method: 'GET',
  path: '/notifications',
  summary: 'The newest messages',
  query: PageQuery,
  replies: {
    200: z.object({
      count: z.int().min(0),
      notifications: z.array(Notification).max(100),
      nextCursor: NextCursor,
    }),
  },
  problems: {},
  examples: {
    reply: {
      count: 1,
      notifications: [
        {
          orderId: exampleOrderId,
          customerId: 'customer-1',
          messageId: 'msg_1',
          template: 'order-completed',
          channel: 'email',
          at: '2026-01-01T00:00:00.000Z',
        },
      ],
      nextCursor: null,
    },
  },
});

export const notificationOperations = { notify, getNotifications };
