import { runParticipant } from '@baton/service-kit/participant';
import { createService } from './app.ts';

await runParticipant(
  {
    service: 'order-service',
    create: createService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
