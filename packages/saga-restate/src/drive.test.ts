import { createClock, ok, saga } from '@baton/saga';
import { extend } from '@baton/saga/core/history';
import { Run } from '@baton/saga/run/run';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { drive } from './drive.ts';
import { createFirstTries } from './first-tries.ts';

const budgetMs = 20_000;
const trip = saga('trip', { version: 1, input: z.object({}) })
  .step('book', { perform: async () => ok('done'), undo: null, retry: { budgetMs } })
  .end();
const { name, version, structure } = trip;
const accepted = {
  type: 'accepted',
  saga: name,
  version,
  structure,
  input: {},
  context: {},
} as const;

test('a run that is parked comes again when its step has waited long enough for the breaker', async () => {
  const now = 1_000;
  const { after: state } = extend(null, [accepted], now);
  const run = new Run('trip_1', trip, { state, secrets: {} });
  const rests = await drive(
    run,
    {
      record: async (_, work) => work(),
      admit: async () => 'open',
      release: () => {},
      commit(happenings, at) {
        run.state = extend(run.state, happenings, at).after ?? run.state;
      },
    },
    {
      clock: { ...createClock(), now: () => now },
      random: () => 0.5,
      bornAt: now,
      tries: createFirstTries(),
      onError: () => {},
    },
  );
  expect(run.state?.ways.book?.isParked).toBe(true);
  expect(rests).toEqual({ until: now + budgetMs, now });
});
