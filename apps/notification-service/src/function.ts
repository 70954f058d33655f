/** The same service as a function: docs/serverless.md. */
import { notificationOperations } from '@baton/contracts/notification-service';
import { defineFunction } from '@baton/service-kit/function';
import { createHandlers } from './handlers.ts';
import { schema } from './schema.ts';

const { Instance, front } = defineFunction({
  service: 'notification-service',
  operations: notificationOperations,
  migrations: [schema],
  createHandlers,
});

export { Instance };
export default front;
