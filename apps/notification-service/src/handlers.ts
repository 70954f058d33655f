import type { notificationOperations } from '@baton/contracts/notification-service';
import { type Handlers, readPage, type Sql } from '@baton/service-kit/participant';
import { countMessages, listMessages, send } from './messages.ts';

export const createHandlers = (db: Sql): Handlers<typeof notificationOperations> => ({
  notify: (work, message) => ({
    status: 200,
    body: { orderId: work.runId, messageId: send(work, message) },
  }),
  getNotifications: ({ query }) => {
    const page = readPage(query, (beforeId, limit) => listMessages(db, beforeId, limit));
    if (page === undefined) return { problem: 'bad-request', detail: 'No such cursor' };
    const { rows: notifications, nextCursor } = page;
    return { status: 200, body: { count: countMessages(db), notifications, nextCursor } };
  },
});
