import { runParticipant } from '@baton/service-kit/participant';
import { createService } from './app.ts';

await runParticipant(
  {
    service: 'notification-service',
    create: createService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
