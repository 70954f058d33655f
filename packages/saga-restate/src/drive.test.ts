import { createClock, ok, saga } from '@baton/saga';
import { extend } from '@baton/saga/core/history';
import type { Barrier } from '@baton/saga/run/lane';
import { Run } from '@baton/saga/run/run';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { drive } from './drive.ts';
import { createFirstTries } from './first-tries.ts';

const budgetMs = 20_000;
const acceptedAt = 1_000;
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

/** One invocation of a run that meets this at its lane. */
async function meet(barrier: Barrier, { id = 'trip_1', now = acceptedAt } = {}) {
  const { after: state } = extend(null, [accepted], acceptedAt);
  const run = new Run(id, trip, { state, secrets: {} });
  const rests = await drive(
    run,
    {
      record: async (_, work) => work(),
      admit: async () => barrier,
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
  return { run, rests, waitMs: rests.until - now };
}

test('a run that is parked comes again when its step has waited long enough for the breaker', async () => {
  const { run, rests } = await meet('open');
  expect(run.state?.ways.book?.isParked).toBe(true);
  expect(rests).toEqual({ until: acceptedAt + budgetMs, now: acceptedAt });
});

test('a run that finds its lane full asks again soon at first, and ever more rarely', async () => {
  const waits: number[] = [];
  for (let now = acceptedAt; waits.length < 12; now += waits.at(-1) ?? 0)
    waits.push((await meet('full', { now })).waitMs);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits[0]).toBeLessThan(10_000);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(60_000);
  expect(waits.at(-1)).toBeLessThan(120_000);
});

test('runs that find their lane full together ask again apart, each at the same time in a replay', async () => {
  const ids = Array.from({ length: 100 }, (_, i) => `trip_${i}`);
  const ask = () => Promise.all(ids.map(async (id) => (await meet('full', { id })).waitMs));
  const waits = await ask();
  expect(new Set(waits).size).toBeGreaterThan(90);
  expect(await ask()).toEqual(waits);
});
