import { type Clock, createClock, ok, saga } from '@baton/saga';
import { extend } from '@baton/saga/core/history';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { FollowingFeed } from './following-feed.ts';
import { Projection, seeLongestMs } from './projection.ts';
import type { FeedEntry } from './services.ts';

const trip = saga('trip', { version: 1, input: z.object({}) })
  .step('book', { perform: async () => ok('done'), undo: null })
  .end();
const { name, version, structure } = trip;

/** A run that was accepted and completed. */
function tell(run: string): FeedEntry[] {
  const accepted = {
    type: 'accepted',
    saga: name,
    version,
    structure,
    input: {},
    context: {},
  } as const;
  const tried = { way: 'book', attempt: 1, startedAt: 1 };
  const done = { type: 'step-succeeded', ...tried, output: 'done' } as const;
  const { events } = extend(null, [accepted, done, { type: 'completed' }], 1_000);
  return events.map((event) => ({ run, event }));
}

function createProjection(
  read: () => readonly FeedEntry[],
  { told, clock = createClock() }: { readonly told?: number; readonly clock?: Clock } = {},
) {
  const journal = createMemoryJournal();
  const troubles: unknown[] = [];
  const projection = new Projection({
    journal,
    sagas: [trip],
    clock,
    bornAt: 0,
    read: async ({ after, limit }) => {
      await new Promise((resolve) => setImmediate(resolve));
      const entries = read();
      return { last: told ?? entries.length, entries: entries.slice(after, after + limit) };
    },
    feed: { tell: () => {} },
    ends: { tell: () => {} },
    onUnreachable: (error) => troubles.push(error),
  });
  const stored = () => journal.readKept(0, 10_000).map(({ run, event }) => ({ run, event }));
  return { journal, projection, stored, troubles };
}

test('what is committed while it catches up is stored once', async () => {
  const entries = Array.from({ length: 300 }, (_, i) => tell(`trip_${i}`)).flat();
  const { projection, stored, troubles } = createProjection(() => entries);
  const started = projection.start();
  projection.stir();
  projection.stir();
  await started;
  await projection.stop();
  expect(stored()).toEqual(entries);
  expect(troubles).toEqual([]);
});

test('nothing is stored behind an event that does not follow', async () => {
  const [first, , third] = tell('trip_gap');
  const entries = [...tell('trip_1'), first, third, ...tell('trip_2')].flatMap(
    (entry) => entry ?? [],
  );
  const { projection, stored } = createProjection(() => entries);
  await expect(projection.start()).rejects.toThrow(/event 3 after 1/);
  expect(stored()).toEqual(entries.slice(0, 4));
});

test('a file that tells of another cluster is refused', async () => {
  const ours = createProjection(() => tell('trip_1'));
  await ours.projection.start();
  await ours.projection.stop();
  const other = new Projection({
    journal: ours.journal,
    sagas: [trip],
    clock: createClock(),
    bornAt: 0,
    read: async () => ({ last: 0, entries: [] }),
    feed: { tell: () => {} },
    ends: { tell: () => {} },
    onUnreachable: () => {},
  });
  await expect(other.start()).rejects.toThrow(/another cluster/);
});

test('what is waited for is here, though a page of it came late', async () => {
  const entries = [...tell('trip_1'), ...tell('trip_2')];
  let kept = 3;
  const { projection, stored } = createProjection(() => entries.slice(0, kept), {
    told: entries.length,
  });
  setTimeout(() => {
    kept = entries.length;
  }, 100);
  await projection.start();
  expect(stored()).toEqual(entries);
  await projection.stop();
});

test('nobody waits without end for a file that takes nothing more', async () => {
  const entries = tell('trip_1');
  const { journal, projection, stored } = createProjection(() => entries);
  await projection.start();
  const full = Promise.withResolvers<void>();
  journal.append = () => {
    full.resolve();
    return new Promise(() => {});
  };
  journal.hasRoom = () => false;
  entries.push(...tell('trip_2'));
  projection.stir();
  await full.promise;
  await projection.sync();
  await projection.stop();
  expect(stored()).toEqual(tell('trip_1'));
});

test('whoever asks for the newest while others do shares one look', async () => {
  let reads = 0;
  const { projection } = createProjection(() => {
    reads += 1;
    return tell('trip_1');
  });
  await projection.start();
  reads = 0;
  await Promise.all(Array.from({ length: 20 }, () => projection.sync()));
  expect(reads).toBeLessThan(5);
  await projection.stop();
});

test('all who wait for a run see it as soon as it is here', async () => {
  const clock = createVirtualClock();
  const entries: FeedEntry[] = [];
  const { projection } = createProjection(() => entries, { clock });
  await projection.start();
  const askedAt = clock.now();
  let seen = 0;
  for (const id of ['trip_1', 'trip_1', 'trip_2'])
    void projection.sees(id).then(() => {
      seen += 1;
    });
  clock.setTimer(30, () => entries.push(...tell('trip_1'), ...tell('trip_2')));
  await clock.run(() => seen === 3);
  expect(clock.now() - askedAt).toBeLessThan(seeLongestMs);
  await projection.stop();
});

test('says while the cluster does not answer, and that it does again', async () => {
  const clock = createVirtualClock();
  let isDown = false;
  const read = (): readonly FeedEntry[] => {
    if (isDown) throw new Error('no node answers');
    return [];
  };
  const { projection } = createProjection(read, { clock });
  await projection.start();
  isDown = true;
  await clock.run(() => !projection.isReached);
  isDown = false;
  await clock.run(() => projection.isReached);
  await projection.stop();
});

test('a listener who was told more by another replica is not told to begin anew', async () => {
  const entries: FeedEntry[] = [];
  const { journal, projection } = createProjection(() => entries);
  const feed = new FollowingFeed(
    journal,
    (work) => work(),
    () => projection.sync(),
  );
  await projection.start();
  entries.push(...tell('trip_1'));
  expect(await feed.read('3', 10)).toEqual([]);
  expect(await feed.read('4', 10)).toBeUndefined();
  await projection.stop();
});
