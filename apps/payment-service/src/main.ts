import { runParticipant } from '@baton/service-kit/participant';
import { createService } from './app.ts';

// Started a second time with PORT=4005 STORE_NAME=payment-alternate, it is another provider.
await runParticipant(
  {
    service: 'payment-service',
    create: createService,
    loadFaults: () => import('@baton/faults'),
  },
  process.env,
);
