import { runParticipant } from '@baton/service-kit/participant';
import { createService } from './app.ts';

await runParticipant(
  {
    service: 'inventory-service',
    create: createService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
