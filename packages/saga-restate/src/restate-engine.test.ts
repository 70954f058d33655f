import { type Engine, type EngineOptions, ok, type Submission, saga } from '@baton/saga';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createRestateEngine } from './restate-engine.ts';
import { createSimulatedCluster } from './testing/simulated-cluster.ts';

const trip = saga('trip', { version: 1, input: z.object({}) })
  .step('book', { perform: async () => ok('done'), undo: null })
  .end();

async function open(options: Partial<EngineOptions> = {}) {
  const clock = createVirtualClock();
  const journal = createMemoryJournal();
  const { link } = createSimulatedCluster(clock);
  const given = { sagas: [trip], journal, clock, ...options };
  const engine: Engine = await createRestateEngine(given, link);
  onTestFinished(() => engine.stop());
  return { engine, clock, journal };
}

test('runs that are submitted together are never more than may be open', async () => {
  const { engine, clock } = await open({ openMax: 2 });
  const answers: Submission['type'][] = [];
  for (const id of ['trip_1', 'trip_2', 'trip_3', 'trip_4'])
    void engine.submit(trip, {}, { id }).then(({ type }) => answers.push(type));
  await clock.run(() => answers.length === 4);
  expect(answers.toSorted()).toEqual(['accepted', 'accepted', 'full', 'full']);
});

test('whoever hears of an end finds it in the lists, whenever they asked for it', async () => {
  const { engine, clock, journal } = await open();
  const { append } = journal;
  // A commit takes its time.
  journal.append = async (entry) => {
    await new Promise<void>((resolve) => clock.setTimer(5, resolve));
    return append.call(journal, entry);
  };
  const found: boolean[] = [];
  const ask = async (): Promise<void> => {
    await engine.settled('trip_1');
    found.push(journal.list({ limit: 1, status: 'completed' }).length === 1);
  };
  void engine.submit(trip, {}, { id: 'trip_1' });
  for (let afterMs = 1; afterMs <= 500; afterMs += 1) clock.setTimer(afterMs, () => void ask());
  await clock.run(() => found.length === 500);
  expect(new Set(found)).toEqual(new Set([true]));
});

test('what is wrong in a retry is refused before the run hears of it', async () => {
  const { engine } = await open();
  const by = 'x'.repeat(10_000);
  await expect(engine.retry('trip_1', 'again', { by })).rejects.toThrow(/^by must be/);
});
