import { runParticipant } from '@baton/service-kit';
import { createPaymentService } from './app.ts';

// The second provider: PORT=4005 STORE_NAME=payment-alternate
await runParticipant(
  {
    service: 'payment-service',
    port: 4003,
    create: createPaymentService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
