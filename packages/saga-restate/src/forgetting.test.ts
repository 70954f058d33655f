import { type Engine, type EngineOptions, ok, type Reply, saga } from '@baton/saga';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createRestateEngine } from './restate-engine.ts';
import { run } from './services.ts';
import { createSimulatedCluster } from './testing/simulated-cluster.ts';

const keepMs = 60_000;
const ids = ['trip_1', 'trip_2', 'trip_3'];

/** One replica after the other, each with a projection of its own. */
function createStage() {
  const clock = createVirtualClock();
  const cluster = createSimulatedCluster(clock);
  let mail: Reply<string> = ok('done');
  const trip = saga('trip', { version: 1, input: z.object({ to: z.string() }) })
    .pivot('book', { perform: async () => ok('done'), undo: null })
    .later('tell', { perform: async () => mail })
    .end();
  const carry = (total: unknown) => Number(total ?? 0) + 1;
  let turnedAway = 0;
  async function open(journal = createMemoryJournal(), sagas: EngineOptions['sagas'] = [trip]) {
    const options = { sagas, journal, clock, random: () => 0.5, keepMs, carry };
    const opening = createRestateEngine(options, {
      ...cluster.link,
      serve: async (...given) => ({
        ...(await cluster.link.serve(...given)),
        turnAway: () => {
          turnedAway += 1;
        },
      }),
    });
    let engine: Engine | undefined;
    void opening.then((opened) => {
      engine = opened;
    });
    await clock.run(() => engine !== undefined);
    return { engine: await opening, journal };
  }
  return {
    clock,
    cluster,
    trip,
    open,
    end() {
      cluster.crash();
      clock.clear();
    },
    /** From now on no message goes out, or all do. */
    setMail(works: boolean) {
      mail = works ? ok('done') : { reply: 'unknown', code: 'broken', retriable: false };
    },
    countTurnedAway: () => turnedAway,
    stored: () => JSON.stringify(ids.map((id) => cluster.stored(run.name, id, 'run'))),
  };
}

async function placeAll({ clock, trip }: ReturnType<typeof createStage>, engine: Engine) {
  let settled = 0;
  for (const id of ids) {
    void engine.submit(trip, { to: 'Vienna' }, { id, fingerprint: 'own' });
    void engine.settled(id).then(() => {
      settled += 1;
    });
  }
  await clock.run(() => settled === ids.length);
}

test('what a replica prunes, the runs have forgotten, but for what was submitted', async () => {
  const stage = createStage();
  const { engine, journal } = await stage.open();
  await placeAll(stage, engine);
  expect(stage.stored()).toContain('Vienna');
  await stage.clock.run(() => journal.readCarried() === ids.length);
  expect(stage.stored()).not.toContain('Vienna');
  const again: unknown[] = [];
  void engine
    .submit(stage.trip, { to: 'Vienna' }, { id: 'trip_1', fingerprint: 'own' })
    .then((it) => again.push(it));
  void engine
    .submit(stage.trip, { to: 'Rome' }, { id: 'trip_1', fingerprint: 'other' })
    .then((it) => again.push(it));
  await stage.clock.run(() => again.length === 2);
  expect(again).toEqual([
    { type: 'known', id: 'trip_1', prunedAs: 'completed' },
    { type: 'conflict', id: 'trip_1' },
  ]);
  stage.end();
});

test('a replica that begins anew comes to the same totals, also of what is forgotten', async () => {
  const stage = createStage();
  const { engine, journal } = await stage.open();
  await placeAll(stage, engine);
  await stage.clock.run(() => journal.readCarried() === ids.length);
  stage.end();
  const anew = await stage.open();
  expect((await anew.engine.list({ limit: 9 })).length).toBe(ids.length);
  await stage.clock.run(() => anew.journal.readCarried() !== undefined);
  const soon = stage.clock.now() + 2 * keepMs;
  await stage.clock.run(() => stage.clock.now() > soon);
  expect(anew.journal.readCarried()).toBe(ids.length);
  expect(await anew.engine.list({ limit: 9 })).toEqual([]);
  stage.end();
});

test('a replica keeps what its cluster could not be told to forget', async () => {
  const stage = createStage();
  const { call } = stage.cluster.link;
  let isAway = false;
  const link = {
    ...stage.cluster.link,
    call: ((ask, key) =>
      isAway ? Promise.reject(new Error('away')) : call(ask, key)) as typeof call,
  };
  Object.assign(stage.cluster, { link });
  const { engine, journal } = await stage.open();
  await placeAll(stage, engine);
  await stage.clock.run(
    () => journal.list({ limit: 9, status: 'completed' }).length === ids.length,
  );
  isAway = true;
  const later = stage.clock.now() + 3 * keepMs;
  await stage.clock.run(() => stage.clock.now() > later);
  expect(journal.readCarried()).toBeUndefined();
  isAway = false;
  await stage.clock.run(() => journal.readCarried() === ids.length);
  stage.end();
});

/** Under a build that does not know the definition of the runs any more; long after what it keeps. */
async function retire(stage: ReturnType<typeof createStage>, mail: 'sent' | 'late' | 'owed') {
  const { engine, journal } = await stage.open();
  stage.setMail(mail === 'sent');
  await placeAll(stage, engine);
  if (mail === 'late') {
    stage.setMail(true);
    for (const id of ids) void engine.retry(id, 'it works again');
    await stage.clock.run(() => journal.list({ limit: 9, status: 'owing' }).length === 0);
  }
  stage.end();
  await stage.open(journal, []);
  const later = stage.clock.now() + 3 * keepMs;
  await stage.clock.run(() => stage.clock.now() > later);
  return journal;
}

test.each(['sent', 'late'] as const)(
  'runs of a definition that no build knows any more are forgotten as well, before they are pruned: mail %s',
  async (mail) => {
    const stage = createStage();
    const journal = await retire(stage, mail);
    expect(journal.list({ limit: 9 })).toEqual([]);
    expect(stage.stored()).not.toContain('Vienna');
    stage.end();
  },
);

test('to forget a run of a definition that no build knows makes the cluster connect anew to nobody', async () => {
  const stage = createStage();
  await retire(stage, 'sent');
  expect(stage.countTurnedAway()).toBe(0);
  stage.end();
});

test('what a run still owes is kept while no build knows its definition, and pruned nowhere', async () => {
  const stage = createStage();
  const journal = await retire(stage, 'owed');
  expect(journal.list({ limit: 9 })).toHaveLength(ids.length);
  expect(stage.stored()).toContain('Vienna');
  stage.end();
});
