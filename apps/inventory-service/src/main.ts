import { runParticipant } from '@baton/service-kit/participant';
import { createInventoryService } from './app.ts';

await runParticipant(
  {
    service: 'inventory-service',
    port: 4002,
    create: createInventoryService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
