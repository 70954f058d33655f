import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event, Happening } from '../../core/event.ts';
import { accepted, decided } from '../../fixtures/history.ts';
import type { Append, Journal, Summary } from '../../journal/journal.ts';
import { mutateJournal } from '../mutants/planted.ts';

/** Where a journal can be opened again and finds what it stored. */
export interface JournalHouse {
  open(): Promise<Journal>;
  remove(): void;
}

const summary: Summary = {
  saga: 'order',
  version: 1,
  status: 'accepted',
  acceptedAt: 1,
  settledAt: null,
};
const due: Append['rest'] = { dueAt: 0, priority: 'new', waits: [], at: 1 };

const entry = (
  run: string,
  seq: number,
  happening: Happening,
  { settledAt, status, ...rest }: Partial<Summary & Append['rest']> = {},
): Append => ({
  run,
  events: [{ ...happening, seq, at: seq } satisfies Event],
  summary: { ...summary, ...(settledAt !== undefined && { settledAt }), ...(status && { status }) },
  rest: { ...due, ...rest },
});
const accept = (run: string, secrets: Record<string, unknown> = {}): Append => ({
  ...entry(run, 1, accepted),
  submission: { fingerprint: `print of ${run}`, secrets },
});
const settle = (run: string, settledAt: number, rest: Partial<Append['rest']> = {}): Append =>
  entry(
    run,
    2,
    { type: 'completed' },
    { status: 'completed', settledAt, dueAt: null, priority: 'repair', ...rest },
  );
/** What becomes of a run without another event of it. */
const rest = (run: string, change: Partial<Append['rest']>): Append => ({
  ...entry(run, 2, decided, change),
  events: [],
});

/** What every journal does, whatever it stores on. */
export function describeJournal(name: string, createHouse: () => JournalHouse): void {
  describe(`the journal ${name}`, () => {
    let house: JournalHouse;
    let journal: Journal;
    const append = async (...entries: Append[]): Promise<number[]> =>
      Promise.all(entries.map((each) => journal.append(each)));
    const reopen = async (): Promise<void> => {
      journal.close();
      journal = mutateJournal(await house.open());
    };
    beforeEach(async () => {
      house = createHouse();
      journal = mutateJournal(await house.open());
    });
    afterEach(() => {
      journal.close();
      house.remove();
    });

    test('reads the events of a run in order, also after it was opened again', async () => {
      await append(accept('a'), accept('b'), entry('a', 2, decided));
      await reopen();
      await append(settle('b', 2));
      expect(journal.read('a')).toEqual({
        position: 3,
        events: [
          { ...accepted, seq: 1, at: 1 },
          { ...decided, seq: 2, at: 2 },
        ],
        secrets: {},
      });
    });

    test('knows nothing of a run that was not submitted', () => {
      expect(journal.read('a')).toBeUndefined();
      expect(journal.readSubmission('a')).toBeUndefined();
    });

    test('gives appends the positions in which they arrived, and never one twice', async () => {
      expect(await append(accept('a'), accept('b'), entry('a', 2, decided))).toEqual([1, 2, 3]);
      journal.prune(['a', 'b'], null);
      await reopen();
      expect(await append(accept('c'))).toEqual([4]);
    });

    test('gives several events of one append the positions from its own on', async () => {
      const [first, second] = [entry('a', 1, accepted), entry('a', 2, decided)];
      await append({ ...accept('a'), events: [...first.events, ...second.events] });
      expect(journal.readFeed(0, 9)?.map(({ position }) => position)).toEqual([1, 2]);
    });

    test('stands for a barrier when an append holds no event', async () => {
      const order: string[] = [];
      await Promise.all([
        journal.append(accept('a')).then(() => order.push('accepted')),
        journal.append({ ...entry('a', 2, decided), events: [] }).then(() => order.push('barrier')),
      ]);
      expect(order).toEqual(['accepted', 'barrier']);
      expect(journal.read('a')?.events).toHaveLength(1);
    });

    test('keeps secrets beside the events until the run settles', async () => {
      await append(accept('a', { token: 't' }), accept('b', { token: 'u' }));
      expect(journal.read('a')?.secrets).toEqual({ token: 't' });
      expect(JSON.stringify(journal.read('a')?.events)).not.toContain('"t"');
      await append(settle('a', 2));
      expect(journal.read('a')?.secrets).toEqual({});
      expect(journal.read('b')?.secrets).toEqual({ token: 'u' });
    });

    test('lists the newest first, page by page, and by status', async () => {
      await append(accept('a'), accept('b'), accept('c'), settle('b', 2));
      const ids = (query: Parameters<Journal['list']>[0]): string[] =>
        journal.list(query).map(({ id }) => id);
      const [newest, middle] = journal.list({ limit: 2 });
      expect([newest?.id, middle?.id]).toEqual(['c', 'b']);
      expect(ids({ limit: 2, before: middle?.number })).toEqual(['a']);
      expect(ids({ limit: 9, status: 'accepted' })).toEqual(['c', 'a']);
      expect(ids({ limit: 9, status: 'accepted', before: newest?.number })).toEqual(['a']);
      expect(journal.list({ limit: 9, status: 'completed' })).toEqual([
        { ...summary, id: 'b', number: middle?.number, status: 'completed', settledAt: 2 },
      ]);
    });

    test('lists what is due by priority, the longest due first, and the oldest of those', async () => {
      await append(accept('a'), accept('b'), accept('c'), accept('d'), accept('e'), settle('e', 2));
      await append(rest('a', { dueAt: 20 }), rest('d', { dueAt: 10, priority: 'undo' }));
      expect(journal.listDue('new', 19, 9)).toEqual(['b', 'c']);
      expect(journal.listDue('new', 20, 9)).toEqual(['b', 'c', 'a']);
      expect(journal.listDue('new', 20, 1)).toEqual(['b']);
      expect(journal.listDue('undo', 9, 9)).toEqual([]);
      expect(journal.listDue('undo', 10, 9)).toEqual(['d']);
      expect(journal.countDue(10)).toBe(3);
      await reopen();
      expect([journal.nextDueAt(0), journal.nextDueAt(10)]).toEqual([10, 20]);
      expect(journal.nextDueAt(20)).toBe(8.64e15);
    });

    test('lists what has not settled page by page, the oldest first', async () => {
      await append(accept('a'), accept('b'), accept('c'), accept('d'), settle('b', 2));
      const ids = (query: Parameters<Journal['list']>[0]): string[] =>
        journal.list({ ...query, status: 'open' }).map(({ id }) => id);
      expect(ids({ limit: 2, oldestFirst: true })).toEqual(['a', 'c']);
      expect(ids({ limit: 9, oldestFirst: true })).toEqual(['a', 'c', 'd']);
      expect(ids({ limit: 9 })).toEqual(['d', 'c', 'a']);
    });

    test('lists completed runs that owe something, with the newest first', async () => {
      await append(accept('a'), accept('b'), accept('c'));
      await append(settle('a', 2, { dueAt: 10 }), settle('b', 2, { dueAt: 20 }), settle('c', 2));
      const ids = journal.list({ status: 'owing', limit: 9 }).map(({ id }) => id);
      expect(ids).toEqual(['b', 'a']);
      expect(journal.listDue('repair', 10, 9)).toEqual(['a']);
    });

    test('lists what waits for a participant, by rank, the longest waiting first, until it waits no more', async () => {
      const wait = (run: string, at: number, rank = 0, kind: 'parked' | 'retry' = 'parked') =>
        rest(run, { at, dueAt: 99, waits: [{ participant: 'pay', kind, rank }] });
      await append(accept('a'), accept('b'), accept('c'), accept('d'));
      await append(wait('a', 3), wait('b', 2), wait('c', 1, 1), wait('d', 1, 0, 'retry'));
      await reopen();
      expect(journal.listWaiting('pay', 'parked', 9, 9)).toEqual(['b', 'a', 'c']);
      expect(journal.listWaiting('pay', 'parked', 3, 9)).toEqual(['b', 'c']);
      expect(journal.listWaiting('pay', 'parked', 9, 1)).toEqual(['b']);
      expect(journal.listWaiting('pay', 'retry', 9, 9)).toEqual(['d']);
      expect(journal.listWaiting('mail', 'parked', 9, 9)).toEqual([]);
      expect(journal.countWaits()).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ participant: 'pay', kind: 'parked', count: 3 }),
          expect.objectContaining({ participant: 'pay', kind: 'retry', count: 1 }),
        ]),
      );
      await append(rest('b', {}), wait('a', 5, 0, 'retry'));
      expect(journal.listWaiting('pay', 'parked', 9, 9)).toEqual(['c']);
      expect(journal.listWaiting('pay', 'retry', 9, 9)).toEqual(['d', 'a']);
    });

    test('sets aside what nobody can go on with, until its definition is known again', async () => {
      await append(accept('a'), accept('b'), accept('c'));
      await append(settle('b', 2, { dueAt: 5 }), settle('c', 2));
      expect(['a', 'b', 'c', 'd'].map((id) => journal.setAside(id))).toEqual([
        'open',
        'settled',
        undefined,
        undefined,
      ]);
      expect(journal.setAside('a')).toBeUndefined();
      expect(journal.listDue('new', 99, 9)).toEqual([]);
      expect(journal.countRuns()).toEqual({ open: 0, aside: 2 });
      await journal.review([{ saga: 'order', version: 2 }], 99);
      expect(journal.countRuns()).toEqual({ open: 0, aside: 2 });
      await journal.review([{ saga: 'order', version: 1 }], 99);
      expect(journal.countRuns()).toEqual({ open: 1, aside: 0 });
      expect(journal.listDue('in-flight', 0, 9)).toEqual(['a']);
      expect(journal.listDue('repair', 0, 9)).toEqual(['b']);
      await journal.review([], 99);
      expect(journal.countRuns()).toEqual({ open: 0, aside: 2 });
    });

    test('finds due what an older engine had set aside for an operator', async () => {
      await append(accept('a'), rest('a', { dueAt: 8.64e15, priority: 'aside' }));
      await journal.review([{ saga: 'order', version: 1 }], 99);
      expect(journal.countRuns()).toEqual({ open: 1, aside: 0 });
    });

    test('finds due what stood in a line that ended with its executor', async () => {
      const waits = [{ participant: 'pay', kind: 'permit', rank: 1 } as const];
      await append(accept('a'), rest('a', { dueAt: 8.64e15, waits }));
      await journal.review([{ saga: 'order', version: 1 }], 99);
      expect([journal.listDue('new', 0, 9), journal.countWaits()]).toEqual([['a'], []]);
    });

    test('finds due what was written under a clock that is ahead, but not what waits for a breaker', async () => {
      const parked = [{ participant: 'pay', kind: 'parked', rank: 0 } as const];
      await append(accept('a'), accept('b'), accept('c'));
      await append(rest('a', { dueAt: 100 }), rest('b', { dueAt: 101 }));
      await append(rest('c', { dueAt: 101, waits: parked }));
      await journal.review([{ saga: 'order', version: 1 }], 100);
      expect(journal.listDue('new', 0, 9)).toEqual(['b']);
      expect(journal.listDue('new', 101, 9)).toEqual(['b', 'a', 'c']);
    });

    test('lists as prunable what ended long ago and owes no repair', async () => {
      await append(accept('a'), accept('b'), accept('c'), accept('d'));
      await append(settle('a', 5, { dueAt: 10 }), settle('b', 5), settle('c', 10));
      expect(journal.listPrunable(5, 99, 9)).toEqual([]);
      expect(journal.listPrunable(6, 99, 9)).toEqual(['b']);
      expect(journal.listPrunable(99, 99, 9)).toEqual(['b', 'c']);
      expect(journal.listPrunable(99, 99, 1)).toEqual(['b']);
    });

    test('lists nothing as prunable that ended after a position, whatever its time', async () => {
      await append(accept('a'), accept('b'), settle('b', 1), settle('a', 9));
      const last = journal.readLast();
      expect(journal.listPrunable(99, last, 9).toSorted()).toEqual(['a', 'b']);
      expect(journal.listPrunable(99, last - 1, 9)).toEqual(['b']);
      expect(journal.listPrunable(99, last - 2, 9)).toEqual([]);
    });

    test('keeps how old it is', async () => {
      expect(journal.readAge()).toBeUndefined();
      const age = { livedMs: 5, marks: [[1, 2]] } as const;
      journal.keepAge(age);
      await reopen();
      expect(journal.readAge()).toEqual(age);
    });

    test('forgets a pruned run, but not that it was submitted and how it ended', async () => {
      await append(accept('a', { token: 't' }), settle('a', 2));
      expect(journal.readSubmission('a')).toEqual({ fingerprint: 'print of a', prunedAs: null });
      journal.prune(['a'], { total: 1 });
      await reopen();
      expect(journal.read('a')).toBeUndefined();
      expect(journal.list({ limit: 9 })).toEqual([]);
      expect(journal.readSubmission('a')).toEqual({
        fingerprint: 'print of a',
        prunedAs: 'completed',
      });
      expect(journal.readCarried()).toEqual({ total: 1 });
    });

    test('carries nothing at first', () => {
      expect(journal.readCarried()).toBeUndefined();
    });

    test('carries nothing where it is given nothing to carry', () => {
      journal.prune([], undefined);
      expect(journal.readCarried() ?? null).toBeNull();
    });

    test('feeds the events of all runs after a position, a page at a time', async () => {
      await append(accept('a'), accept('b'), entry('a', 2, decided));
      expect(journal.readFeed(1, 1)).toEqual([
        { run: 'b', position: 2, event: { ...accepted, seq: 1, at: 1 } },
      ]);
      expect(journal.readFeed(2, 9)).toEqual([
        { run: 'a', position: 3, event: { ...decided, seq: 2, at: 2 } },
      ]);
      expect(journal.readFeed(3, 9)).toEqual([]);
    });

    test('knows the last position, also of what was pruned', async () => {
      expect(journal.readLast()).toBe(0);
      await append(accept('a'), settle('a', 2));
      journal.prune(['a'], null);
      await reopen();
      expect(journal.readLast()).toBe(2);
    });

    test('says so when a part of the feed was pruned', async () => {
      await append(accept('a'), settle('a', 2), accept('b'));
      journal.prune(['a'], null);
      await reopen();
      expect(journal.readFeed(1, 9)).toBeUndefined();
      expect(journal.readKept(1, 9)).toMatchObject([{ run: 'b', position: 3 }]);
      expect(journal.readFeed(2, 9)).toMatchObject([{ run: 'b', position: 3 }]);
    });

    test('reads notices with the newest first, also after it was opened again', async () => {
      expect(journal.readNotices(9)).toEqual([]);
      await journal.addNotice({ at: 1, type: 'alert', of: { rule: 'queue' } });
      await Promise.all([journal.addNotice({ at: 2 }), journal.addNotice({ at: 3 })]);
      await reopen();
      expect(journal.readNotices(2)).toEqual([{ at: 3 }, { at: 2 }]);
      expect(journal.readNotices(9).at(-1)).toEqual({
        at: 1,
        type: 'alert',
        of: { rule: 'queue' },
      });
    });

    test('keeps the newest thousand notices', async () => {
      const all = Array.from({ length: 1_003 }, (_, at) => ({ at }));
      await Promise.all(all.map((notice) => journal.addNotice(notice)));
      const kept = journal.readNotices(9_999).map(({ at }) => at);
      expect(kept).toHaveLength(1_000);
      expect([kept.at(0), kept.at(-1)]).toEqual([1_002, 3]);
    });

    test('gives notices no place among the events', async () => {
      await append(accept('a'));
      await journal.addNotice({ at: 1 });
      expect(await append(accept('b'))).toEqual([2]);
      expect(journal.readFeed(0, 9)).toHaveLength(2);
    });

    test('has no standby while nobody waits', () => {
      expect(journal.hasStandby()).toBe(false);
    });

    test('knows up to where nobody saw what followed, until the next executor ends in peace or not', async () => {
      expect(journal.unseenTo).toBe(0);
      await append(accept('a'));
      await reopen();
      expect(journal.unseenTo).toBe(1);
      await append(accept('b'));
      journal.rest();
      await reopen();
      expect(journal.unseenTo).toBe(1);
      await reopen();
      expect(journal.unseenTo).toBe(2);
    });

    test('knows whether the executor before was told to end', async () => {
      expect(journal.wasTold).toBe(false);
      journal.expectEnd();
      await reopen();
      expect(journal.wasTold).toBe(true);
      await reopen();
      expect(journal.wasTold).toBe(false);
    });

    test('may be closed twice', async () => {
      journal.close();
      journal.close();
      journal = await house.open();
    });
  });
}
