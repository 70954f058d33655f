import { ok, type Reply, saga } from '@baton/saga';
import { watchRest } from '@baton/saga/fixtures/rest-watch';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createRestateEngine } from './restate-engine.ts';
import type { RunHandlers } from './services.ts';
import { createSimulatedCluster } from './testing/simulated-cluster.ts';

test('a wake-up that comes to a process whose clock is a little behind is asked for again', async () => {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const answers: Reply<string>[] = [{ reply: 'unsent', code: 'refused' }];
  let behindMs = 0;
  const trip = saga('trip', { version: 1, input: z.object({}) })
    .step('book', {
      perform: async () => answers.pop() ?? ok('done'),
      undo: null,
      retry: { firstDelayMs: 1_000 },
    })
    .end();
  const engine = await createRestateEngine(
    {
      sagas: [trip],
      journal: createMemoryJournal(),
      clock: { ...clock, now: () => clock.now() - behindMs },
      random: () => 0.5,
    },
    createSimulatedCluster(clock).link,
  );
  const submitted = engine.submit(trip, {}, { id: 'trip_1' });
  const isOver = async (type: string) =>
    (await engine.read('trip_1'))?.events.some((event) => event.type === type) === true;
  await clock.run(() => isOver('step-unsent'));
  behindMs = 3;
  await clock.run(() => isOver('completed'));
  expect(clock.now() - startedAt).toBeLessThan(2_000);
  await submitted;
  await engine.stop();
});

test('a run that came to a build without its definition is soon asked for again', async () => {
  const clock = createVirtualClock();
  const cluster = createSimulatedCluster(clock);
  const answers: Reply<string>[] = [{ reply: 'unsent', code: 'refused' }];
  const perform = async () => answers.pop() ?? ok('done');
  const trip = saga('trip', { version: 2, input: z.object({}) })
    .step('book', { perform, undo: null, retry: { firstDelayMs: 1_000 } })
    .end();
  const old = saga('trip', { version: 1, input: z.object({}) })
    .step('book', { perform, undo: null })
    .end();
  async function open(sagas: (typeof trip)[]) {
    const opening = createRestateEngine(
      { sagas, journal: createMemoryJournal(), clock, random: () => 0.5 },
      cluster.link,
    );
    let isOpen = false;
    void opening.then(() => {
      isOpen = true;
    });
    await clock.run(() => isOpen);
    return opening;
  }
  const has = (engine: Awaited<ReturnType<typeof open>>, type: string) => async () =>
    (await engine.read('trip_1'))?.events.some((event) => event.type === type) === true;
  const first = await open([trip]);
  void first.submit(trip, {}, { id: 'trip_1' });
  await clock.run(has(first, 'step-unsent'));
  cluster.crash();
  await open([old as typeof trip]);
  const wrongUntil = clock.now() + 2_000;
  await clock.run(() => clock.now() >= wrongUntil);
  cluster.crash();
  const last = await open([trip]);
  await clock.run(has(last, 'completed'));
  expect(clock.now() - wrongUntil).toBeLessThan(4_000);
  cluster.crash();
  clock.clear();
});

test('a later step that is put off and made up for in one go ends its run once', async () => {
  const clock = createVirtualClock();
  const answers: Reply<string>[] = [{ reply: 'unsent', code: 'refused' }];
  let aheadMs = 0;
  const trip = saga('trip', { version: 1, input: z.object({}) })
    .pivot('book', { perform: async () => ok('done'), undo: null })
    .later('tell', {
      perform: async () => answers.pop() ?? ok('done'),
      retry: { firstDelayMs: 1_000, budgetMs: 2_000 },
    })
    .end();
  const engine = await createRestateEngine(
    {
      sagas: [trip],
      journal: createMemoryJournal(),
      clock: { ...clock, now: () => clock.now() + aheadMs },
      random: () => 0.5,
    },
    createSimulatedCluster(clock).link,
  );
  const readTypes = async () => (await engine.read('trip_1'))?.events.map(({ type }) => type) ?? [];
  void engine.submit(trip, {}, { id: 'trip_1' });
  await clock.run(async () => (await readTypes()).includes('step-unsent'));
  // The message that wakes it comes late: the next attempt is due, and so is the end of all attempts.
  aheadMs = 60_000;
  await clock.run(watchRest(engine, ['trip_1']));
  expect((await readTypes()).slice(3)).toEqual([
    'step-deferred',
    'completed',
    'attempt-started',
    'step-succeeded',
  ]);
  await engine.stop();
});

test('a run that is parked again and again sends itself no more messages for the end of its step than one', async () => {
  const clock = createVirtualClock();
  const budgetMs = 600_000;
  const trip = saga('trip', { version: 1, input: z.object({}) })
    .step('book', {
      perform: async () => ({ reply: 'unsent', code: 'refused' }),
      undo: null,
      retry: { firstDelayMs: 1_000, delayMaxMs: 1_000, budgetMs },
    })
    .end();
  const { link } = createSimulatedCluster(clock);
  const heard: number[] = [];
  const engine = await createRestateEngine(
    {
      sagas: [trip],
      journal: createMemoryJournal(),
      clock,
      random: () => 0.5,
      breaker: { failuresMin: 1, firstDelayMs: 20_000, delayMaxMs: 20_000 },
    },
    {
      ...link,
      serve: ({ run, ...others }, longestMs) =>
        link.serve({ ...others, run: { ...run, drive: hear(run.drive) } }, longestMs),
    },
  );
  function hear(drive: RunHandlers['drive']): RunHandlers['drive'] {
    return async (context, driven) => {
      if (driven.wakeAt !== undefined) heard.push(driven.wakeAt);
      return drive(context, driven);
    };
  }
  const endsAt = clock.now() + budgetMs;
  void engine.submit(trip, {}, { id: 'trip_1' });
  await clock.run(() => clock.now() > endsAt + 60_000);
  const { events = [] } = (await engine.read('trip_1')) ?? {};
  expect(events.filter(({ type }) => type === 'step-parked').length).toBeGreaterThan(10);
  expect(events.at(-1)?.type).toBe('compensated');
  expect(heard.filter((at) => at >= endsAt)).toHaveLength(1);
  await engine.stop();
});
