import { AsyncLocalStorage } from 'node:async_hooks';
import { DatabaseSync } from 'node:sqlite';
import { transact } from '@baton/sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { GroupCommit } from './group-commit.ts';

let database: DatabaseSync;
let commits: number;
let group: GroupCommit;
beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE stock (sku TEXT UNIQUE)');
  commits = 0;
  group = new GroupCommit(database, (works) => {
    const tells = transact(database, works);
    commits += 1;
    return tells;
  });
});
afterEach(() => database.close());

const put = (sku: string) => () => {
  database.prepare('INSERT INTO stock VALUES (?)').run(sku);
  return sku;
};
const stock = () =>
  database
    .prepare('SELECT sku FROM stock ORDER BY rowid')
    .all()
    .map(({ sku }) => sku);

test('commits what arrives together once, in its order, and tells each its own result', async () => {
  const skus = ['mug', 'cup', 'pot'];
  expect(await Promise.all(skus.map((sku) => group.add(put(sku))))).toEqual(skus);
  expect([stock(), commits]).toEqual([skus, 1]);
  await group.add(put('pan'));
  expect(commits).toBe(2);
});

test('takes back a work that throws, and leaves the others untouched', async () => {
  const failing = () => {
    put('cup')();
    throw new Error('planned');
  };
  const told = await Promise.allSettled(
    [put('mug'), failing, put('mug'), put('pot')].map((work) => group.add(work)),
  );
  expect(told.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ]);
  expect([stock(), commits]).toEqual([['mug', 'pot'], 1]);
});

test('tells nobody before the commit, and fails all where the commit fails', async () => {
  database.exec(`PRAGMA foreign_keys = ON; CREATE TABLE holds (
    sku TEXT REFERENCES stock (sku) DEFERRABLE INITIALLY DEFERRED)`);
  const told = vi.fn();
  const orphan = () => database.exec("INSERT INTO holds VALUES ('nothing')");
  const works = [group.add(put('mug')).then(told), group.add(orphan)];
  const ends = await Promise.allSettled(works);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(told).not.toHaveBeenCalled();
  expect([stock(), database.isTransaction]).toEqual([[], false]);
  expect(await group.add(put('cup'))).toBe('cup');
});

test.each([
  ['is full', 13],
  ['fails', 10],
])('fails all where the disk %s, also in one work alone', async (_what, errcode) => {
  const failing = () => {
    throw Object.assign(new Error('disk'), { errcode });
  };
  const ends = await Promise.allSettled([group.add(put('mug')), group.add(failing)]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(stock()).toEqual([]);
});

test('runs each work in the async context of its caller', async () => {
  const caller = new AsyncLocalStorage<string>();
  const ask = (name: string) => caller.run(name, () => group.add(() => caller.getStore()));
  expect(await Promise.all([ask('ada'), ask('bob')])).toEqual(['ada', 'bob']);
});

test('commits at once what waits, where it is asked to', async () => {
  const added = group.add(put('mug'));
  group.flush();
  expect(stock()).toEqual(['mug']);
  expect(await added).toBe('mug');
  await new Promise((resolve) => setImmediate(resolve));
  expect(commits).toBe(1);
});
