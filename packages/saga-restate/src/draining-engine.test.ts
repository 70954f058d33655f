import { createEngine, type Engine, ok, saga } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createDrainingEngine } from './draining-engine.ts';

const trip = saga('trip', { version: 1, input: z.object({}) })
  .step('book', { participant: 'hotel', perform: async () => ok('done'), undo: null })
  .end();

/** Three runs of before the move, then three of after it. What the other host is makes no difference here. */
async function createBoth() {
  const journal = createMemoryJournal();
  const embedded = await createEngine({ journal, sagas: [trip] });
  for (const id of ['a', 'b', 'c']) await embedded.submit(trip, {}, { id });
  const before = await embedded.feed.last();
  const cluster = await createEngine({ journal: createMemoryJournal(), sagas: [trip] });
  const addCarried = (a: unknown, b: unknown) => [a, b];
  const engine = await createDrainingEngine({ embedded, journal, cluster, addCarried });
  for (const id of ['d', 'e', 'f']) await engine.submit(trip, {}, { id });
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await engine.settled(id);
  return { embedded, cluster, engine, before };
}

async function listAll(engine: Engine, oldestFirst: boolean): Promise<string> {
  const ids: string[] = [];
  for (let before: number | undefined; ; ) {
    const page = await engine.list({ limit: 2, before, status: 'completed', oldestFirst });
    ids.push(...page.map(({ id }) => id));
    before = page.at(-1)?.number;
    // The oldest ones have no pages: they are asked for once.
    if (page.length < 2 || oldestFirst) return ids.join('');
  }
}

test('a run stays with the host that has accepted it, and a new one goes to the cluster', async () => {
  const { engine, embedded, cluster } = await createBoth();
  expect(await embedded.read('d')).toBeUndefined();
  expect(await cluster.read('a')).toBeUndefined();
  expect(await engine.submit(trip, {}, { id: 'a' })).toMatchObject({ type: 'known' });
  const other = await engine.submit(trip, {}, { id: 'a', fingerprint: 'other' });
  expect(other.type).toBe('conflict');
  expect(await engine.cancel('a', 'why not')).toBe('settled');
  expect(await engine.cancel('x', 'why not')).toBe('unknown-run');
  expect(await engine.counts()).toMatchObject({ open: 0, moving: 0 });
  expect(await engine.participants()).toMatchObject([{ participant: 'hotel', callsMax: 64 }]);
});

test('one list holds the runs of both, each once', async () => {
  const { engine } = await createBoth();
  expect(await listAll(engine, false)).toBe('fedcba');
  expect(await listAll(engine, true)).toBe('ab');
  const oldest = await engine.list({ limit: 5, status: 'completed', oldestFirst: true });
  expect(oldest.map(({ id }) => id).join('')).toBe('abcde');
});

test('one feed tells all events, each once, from wherever a reader goes on', async () => {
  const { engine, embedded, before } = await createBoth();
  const told = (await engine.feed.read(engine.feed.start, 100)) ?? [];
  const name = ({ run, event }: (typeof told)[number]): string => `${run} ${event.seq}`;
  const names = told.map(name);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(names.map(([run]) => run)).size).toBe(6);
  for (const [i, { position }] of told.entries()) {
    const rest = await engine.feed.read(position, 100);
    expect(rest?.map(name)).toEqual(names.slice(i + 1));
    expect((await engine.feed.readKept(position, 3)).map(name)).toEqual(names.slice(i + 1, i + 4));
    expect(await engine.feed.behind(position)).toBe(names.length - i - 1);
  }
  expect(await engine.feed.last()).toBe(told.at(-1)?.position);
  // Somebody who has followed the embedded host goes on.
  const owed = (await engine.feed.read(before, 100)) ?? [];
  expect(owed.map(name)).toEqual(
    names.slice(
      ((await embedded.feed.read(embedded.feed.start, 100))?.findIndex(
        ({ position }) => position === before,
      ) as number) + 1,
    ),
  );
  expect(await engine.feed.read('nowhere', 100)).toBeUndefined();
});

test('whoever listens can go on reading where an event was told', async () => {
  const { engine } = await createBoth();
  const heard: string[] = [];
  const stop = engine.feed.subscribe(({ position }) => heard.push(position));
  await engine.submit(trip, {}, { id: 'g' });
  await engine.settled('g');
  stop();
  const last = heard.at(-1) ?? '';
  await engine.submit(trip, {}, { id: 'h' });
  await engine.settled('h');
  const rest = await engine.feed.read(last, 100);
  expect([...new Set(rest?.map(({ run }) => run))]).toEqual(['h']);
});

test('notices and what is carried come from both', async () => {
  const { engine, embedded, cluster } = await createBoth();
  await embedded.notices.add({ at: 1, of: 'embedded' });
  await engine.notices.add({ at: 2, of: 'both' });
  expect(await cluster.notices.list(5)).toHaveLength(1);
  expect((await engine.notices.list(5)).map(({ at }) => at)).toEqual([2, 1]);
  expect(await engine.archive.read()).toHaveLength(2);
});
