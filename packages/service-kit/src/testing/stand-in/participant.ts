/** A participant as a process, for the tests of how one ends by itself. */
import { runParticipant } from '../../participant.ts';
import { createStandIn } from './inventory.ts';

await runParticipant(
  {
    service: 'inventory-service',
    create: ({ path, onBroken = () => {} }) => {
      const standIn = createStandIn(path, undefined, { onBroken });
      return { ...standIn, close: standIn.store.close };
    },
  },
  process.env,
);
