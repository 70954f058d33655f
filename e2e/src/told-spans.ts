/** The spans of an order from its events: every collector must have them. */
import { mapParticipants } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import { createParticipants, projectRun } from '@baton/runtime';
import type { Event } from '@baton/saga';

/** For their plans alone: nobody is called. */
const sagas = createOrderSagas(createParticipants(mapParticipants(() => 'http://127.0.0.1:1')));

export const tellOrder = (orderId: string, events: readonly Event[]) =>
  projectRun(orderId, events, ({ version }) => sagas.find((saga) => saga.version === version));
