import { ok, saga } from '@baton/saga';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createOrderSaga } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createParticipantHealth } from './participant-health.ts';
import { createParticipantsWatch } from './watchdog-participants.ts';

it('names also a participant that a step calls and nobody knows how to ask', async () => {
  const { participants } = createStandIns();
  const checked = saga('checked', { version: 1, input: z.object({}) })
    .step('check', { participant: 'fraud-check', perform: async () => ok(null), undo: null })
    .end();
  const sagas = [createOrderSaga(participants), checked];
  const readHealth = createParticipantHealth(participants, sagas, () => 0);
  expect(readHealth()).toMatchObject({
    'order-service': 'not asked yet',
    'fraud-check': 'not asked',
  });
  const watch = createParticipantsWatch(participants, {
    engine: { participants: async () => [] },
    readHealth,
    now: () => 0,
  });
  expect(await watch.states()).toContainEqual({
    name: 'fraud-check',
    answers: null,
    breaker: 'closed',
    nextTryAt: null,
    openings: 0,
    inFlight: 0,
    waiting: 0,
    parked: 0,
    incarnation: null,
  });
});
