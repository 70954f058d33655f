import { runParticipant } from '@baton/service-kit/participant';
import { createNotificationService } from './app.ts';

await runParticipant(
  {
    service: 'notification-service',
    port: 4004,
    create: createNotificationService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
