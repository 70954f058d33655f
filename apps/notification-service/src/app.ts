/** Tells customers about their orders. Nothing here can be undone: a message sent stays sent. */
import { notificationOperations } from '@baton/contracts/notification-service';
import {
  createServiceApp,
  openStore,
  type Participant,
  type ParticipantOptions,
} from '@baton/service-kit/participant';
import { createHandlers } from './handlers.ts';
import { schema } from './schema.ts';

export function createService(options: ParticipantOptions): Participant {
  const store = openStore({ ...options, migrations: [schema] });
  const { app, routes } = createServiceApp({
    ...options,
    service: 'notification-service',
    operations: notificationOperations,
    store,
  })(createHandlers(store.db));
  return { app, routes, store, close: store.close };
}
