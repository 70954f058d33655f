import {
  type Engine,
  type EngineOptions,
  ok,
  type Reply,
  type Saga,
  type Submission,
  saga,
} from '@baton/saga';
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

test('a request that comes again while a call is under way is answered at once', async () => {
  const gate = Promise.withResolvers<Reply<string>>();
  let calls = 0;
  const slow = saga('trip', { version: 1, input: z.object({}) })
    .step('book', {
      async perform() {
        calls += 1;
        return gate.promise;
      },
      undo: null,
    })
    .end();
  const { engine, clock } = await open({ sagas: [slow] });
  const answers: Submission[] = [];
  const submit = (fingerprint: string) =>
    void engine.submit(slow, {}, { id: 'trip_1', fingerprint }).then((it) => answers.push(it));
  submit('own');
  await clock.run(() => calls === 1 && answers.length === 1);
  submit('own');
  submit('other');
  await clock.run(() => answers.length === 3, 1_000);
  expect(answers).toEqual([
    { type: 'accepted', id: 'trip_1' },
    { type: 'known', id: 'trip_1', prunedAs: null },
    { type: 'conflict', id: 'trip_1' },
  ]);
  gate.resolve(ok('done'));
  await clock.run(async () => (await engine.readState('trip_1'))?.phase === 'completed');
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

/** Both alive and called in turn: a build that does not know the newer version, and one that does. */
async function openTwoBuilds() {
  const clock = createVirtualClock();
  const { createLink } = createSimulatedCluster(clock);
  const perform = async (): Promise<Reply<string>> => ({ reply: 'unsent', code: 'refused' });
  const newer = saga('trip', { version: 2, input: z.object({}) })
    .step('book', { perform, undo: null, retry: { firstDelayMs: 600_000, delayMaxMs: 600_000 } })
    .end();
  async function openBuild(sagas: readonly Saga<object>[]): Promise<Engine> {
    const options = { sagas, journal: createMemoryJournal(), clock, random: () => 0.5 };
    const opening = createRestateEngine(options, createLink());
    const opened: Engine[] = [];
    void opening.then((engine) => opened.push(engine));
    await clock.run(() => opened.length > 0);
    onTestFinished(async () => (await opening).stop());
    return opening;
  }
  const old = await openBuild([trip]);
  return { clock, newer, old, next: await openBuild([trip, newer]) };
}

test('a healthy run can be cancelled and retried at each of two builds, whichever of them the cluster calls', async () => {
  const { clock, newer, old, next } = await openTwoBuilds();
  const ids = ['trip_1', 'trip_2', 'trip_3', 'trip_4'];
  for (const id of ids) void next.submit(newer, {}, { id });
  const hasTried = async (id: string) => ((await next.readState(id))?.calls ?? 0) > 0;
  await clock.run(async () => (await Promise.all(ids.map(hasTried))).every(Boolean));
  const answers: string[] = [];
  for (const engine of [old, next])
    for (const id of ids) {
      void engine.retry(id, 'again').then((answer) => answers.push(answer));
      void engine.cancel(id, 'why not').then((answer) => answers.push(answer));
    }
  await clock.run(() => answers.length === 4 * ids.length);
  expect(answers).toEqual(expect.arrayContaining(['done', 'cancel-requested']));
  expect(answers).not.toContain('quarantined');
});

test('a run whose definition no build knows is called quarantined', async () => {
  const { clock, newer, old, next } = await openTwoBuilds();
  void next.submit(newer, {}, { id: 'trip_1' });
  await clock.run(async () => (await old.readState('trip_1')) !== undefined);
  await next.stop();
  const answers: string[] = [];
  void old.cancel('trip_1', 'why not').then((answer) => answers.push(answer));
  await clock.run(() => answers.length > 0);
  expect(answers).toEqual(['quarantined']);
});
