import { runParticipant } from '@baton/service-kit/participant';
import { createOrderService } from './app.ts';

await runParticipant(
  {
    service: 'order-service',
    port: 4001,
    create: createOrderService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
