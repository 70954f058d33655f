import type { Journal, Notices } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { expect, it } from 'vitest';
import type { Alert } from './alert.ts';
import { type AlertBook, type Memory, openAlertBook } from './alert-book.ts';

const nothing: Memory = { incarnations: {}, standbySeenAt: null };

const toAlert = (subject: string, resolvedAt: number | null = null): Alert => ({
  id: `order-stuck:${subject}:1`,
  rule: 'order-stuck',
  subject,
  openedAt: 1,
  resolvedAt,
  orders: 1,
  message: 'm',
  action: 'a',
  result: 'r',
  calmSince: null,
});
const toNotices = (journal: Journal): Notices => ({
  add: (notice) => journal.addNotice(notice),
  list: async (limit) => journal.readNotices(limit),
});
const subjects = (alerts: readonly Alert[]): string[] => alerts.map(({ subject }) => subject);

/** As the watchdog would: what is open, without what was resolved. */
async function record(book: AlertBook, opened: Alert[], resolved: Alert[] = []): Promise<void> {
  const gone = new Set(resolved.map(({ id }) => id));
  const open = [...book.open(), ...opened].filter(({ id }) => !gone.has(id));
  await book.record({ open, opened, resolved }, book.memory(), 1);
}

it('finds what was open, what was resolved and what was to be remembered, when it is opened again', async () => {
  const journal = createMemoryJournal();
  const book = await openAlertBook(toNotices(journal));
  expect([book.open(), book.resolved(), book.memory()]).toEqual([[], [], nothing]);
  await record(book, [toAlert('a'), toAlert('b')]);
  await record(book, [], [toAlert('a', 2)]);
  const memory = { incarnations: { 'payment-service': 'one' }, standbySeenAt: 7 };
  await book.record({ open: book.open(), opened: [], resolved: [] }, memory, 3);
  const again = await openAlertBook(toNotices(journal));
  expect(again.open()).toEqual([toAlert('b')]);
  expect(again.resolved()).toEqual([toAlert('a', 2)]);
  expect(again.memory()).toEqual(memory);
});

it('knows what is open when the journal has long dropped its opening', async () => {
  const journal = createMemoryJournal();
  const book = await openAlertBook(toNotices(journal));
  await record(book, [toAlert('old')]);
  for (let i = 0; i < 600; i++) {
    await record(book, [toAlert(`ord_${i}`)]);
    await record(book, [], [toAlert(`ord_${i}`, 2)]);
  }
  expect(JSON.stringify(journal.readNotices(9_999).at(-1))).not.toContain('"old"');
  expect(subjects((await openAlertBook(toNotices(journal))).open())).toEqual(['old']);
  expect((await openAlertBook(toNotices(journal))).resolved()).toHaveLength(200);
  expect(subjects((await openAlertBook(toNotices(journal))).resolved()).slice(0, 2)).toEqual([
    'ord_599',
    'ord_598',
  ]);
});

it('writes nothing where nothing happened', async () => {
  const journal = createMemoryJournal();
  const book = await openAlertBook(toNotices(journal));
  await record(book, [toAlert('a')]);
  await record(book, []);
  expect(journal.readNotices(9)).toHaveLength(1);
});

it('shows nothing before it is durable', async () => {
  const commit = Promise.withResolvers<void>();
  const book = await openAlertBook({ list: async () => [], add: () => commit.promise });
  const recorded = record(book, [toAlert('a')]);
  expect(book.open()).toEqual([]);
  commit.resolve();
  await recorded;
  expect(subjects(book.open())).toEqual(['a']);
});

it('passes over notices of others', async () => {
  const journal = createMemoryJournal();
  await journal.addNotice({ at: 1, type: 'maintenance' });
  expect((await openAlertBook(toNotices(journal))).open()).toEqual([]);
});
