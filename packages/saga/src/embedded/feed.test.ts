import { expect, test } from 'vitest';
import { accepted, decided } from '../fixtures/history.ts';
import { createJournalFeed } from '../testing/journal-feed.ts';
import { createMemoryJournal, dueNow } from '../testing/memory-journal.ts';

const summary = { saga: 'order', version: 1, status: 'accepted', acceptedAt: 1 } as const;

/** The feed of a journal with two events, in which the run `b` may be pruned. */
async function createScene() {
  const journal = createMemoryJournal();
  const store = (run: string, ...happenings: (typeof accepted | typeof decided)[]) =>
    journal.append({
      run,
      events: happenings.map((happening, i) => ({ ...happening, seq: i + 1, at: 1 })),
      summary: { ...summary, settledAt: null },
      rest: dueNow,
      submission: { fingerprint: '', secrets: {} },
    });
  await store('a', accepted);
  await store('b', accepted, decided);
  const feed = createJournalFeed(journal);
  return { journal, feed };
}

test('a reader goes on from the position of any event, and from the start', async () => {
  const { feed } = await createScene();
  const all = await feed.read(feed.start, 9);
  expect(all?.map(({ run, event }) => `${run} ${event.seq}`)).toEqual(['a 1', 'b 1', 'b 2']);
  const [first] = all ?? [];
  expect(await feed.read(first?.position ?? '', 9)).toEqual(all?.slice(1));
  expect(await feed.readKept(first?.position ?? '', 1)).toEqual(all?.slice(1, 2));
  expect(await feed.read(await feed.last(), 9)).toEqual([]);
});

test('a reader is told how far behind it is, and of nothing behind what was pruned', async () => {
  const { journal, feed } = await createScene();
  const [first] = (await feed.read(feed.start, 1)) ?? [];
  expect([await feed.behind(feed.start), await feed.behind(first?.position ?? '')]).toEqual([3, 2]);
  expect(await feed.behind(await feed.last())).toBe(0);
  journal.prune(['b'], null);
  expect(await feed.behind(first?.position ?? '')).toBe(0);
});

test.each(['', 'NaN', '-1', '1.5', '12 ', '{}', '9'.repeat(400), '\0', '99'])(
  'the position %j is none of its own: it is refused, or read from the start',
  async (position) => {
    const { feed } = await createScene();
    expect(await feed.read(position, 9)).toBeUndefined();
    expect(await feed.readKept(position, 9)).toEqual(await feed.read(feed.start, 9));
    expect(await feed.behind(position)).toBe(3);
  },
);
