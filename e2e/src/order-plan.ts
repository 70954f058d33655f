/** The steps that new orders go through, for tests that count them. */
import { mapParticipants } from '@baton/contracts';
import { createOrderSaga } from '@baton/orchestrator';
import { createParticipants } from '@baton/runtime';

/** For the plan alone: its clients call nobody. */
export const orderPlan = createOrderSaga(
  createParticipants(mapParticipants(() => 'http://127.0.0.1:1')),
).plan;
