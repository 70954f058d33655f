/** Tells customers about their orders. Nothing here can be undone: a message sent stays sent. */
import { notificationOperations } from '@baton/contracts/notification-service';
import {
  createServiceApp,
  openStore,
  type Participant,
  type ParticipantOptions,
  readPage,
} from '@baton/service-kit/participant';
import { countMessages, listMessages, send } from './messages.ts';
import { schema } from './schema.ts';

export function createService(options: ParticipantOptions): Participant {
  const store = openStore({ ...options, migrations: [schema] });
  const { app, routes } = createServiceApp({
    ...options,
    service: 'notification-service',
    operations: notificationOperations,
    store,
  })({
    notify: (work, message) => ({
      status: 200,
      body: { orderId: work.runId, messageId: send(work, message) },
    }),
    getNotifications: ({ query }) => {
      const page = readPage(query, (beforeId, limit) => listMessages(store.db, beforeId, limit));
      if (page === undefined) return { problem: 'bad-request', detail: 'No such cursor' };
      const { rows: notifications, nextCursor } = page;
      return { status: 200, body: { count: countMessages(store.db), notifications, nextCursor } };
    },
  });
  return { app, routes, store, close: store.close };
}
