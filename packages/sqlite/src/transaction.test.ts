import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runPart, transact } from './transaction.ts';

let database: DatabaseSync;
beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE stock (sku TEXT)');
});
afterEach(() => database.close());

const add = (): void => database.exec("INSERT INTO stock VALUES ('mug')");
const count = (): number => database.prepare('SELECT * FROM stock').all().length;

test('commits what was written, and hands the result on', () => {
  const work = (): number => {
    add();
    return count();
  };
  expect(transact(database, work)).toBe(1);
  expect([database.isTransaction, count()]).toEqual([false, 1]);
});

test('rolls back what a throw interrupts, and the next one works', () => {
  const failing = (): never => {
    add();
    throw new Error('planned');
  };
  expect(() => transact(database, failing)).toThrow('planned');
  expect([database.isTransaction, count()]).toEqual([false, 0]);
  transact(database, add);
  expect(count()).toBe(1);
});

test('refuses work that waits for something else, and rolls it back', () => {
  expect(() => transact(database, async () => add())).toThrow('synchronous');
  expect(count()).toBe(0);
});

test('rolls back where the commit itself fails', () => {
  database.exec(`PRAGMA foreign_keys = ON; CREATE TABLE holds (
    sku TEXT PRIMARY KEY, of TEXT REFERENCES holds DEFERRABLE INITIALLY DEFERRED)`);
  const orphan = (): void => database.exec("INSERT INTO holds VALUES ('mug', 'nothing')");
  expect(() => transact(database, orphan)).toThrow('FOREIGN KEY');
  expect(database.isTransaction).toBe(false);
});

test('takes back a part alone: one that throws, and one whose result says so', () => {
  transact(database, () => {
    add();
    const failing = () => {
      add();
      throw new Error('planned');
    };
    expect(() => runPart(database, failing)).toThrow('planned');
    runPart(database, add, () => false);
    runPart(database, add);
  });
  expect(count()).toBe(2);
});

test('throws what the work threw, also where SQLite has rolled back by itself', () => {
  const failing = (): never => {
    database.exec('ROLLBACK');
    throw new Error('planned');
  };
  expect(() => transact(database, failing)).toThrow('planned');
  expect(() => transact(database, () => runPart(database, failing))).toThrow('planned');
});

test('leaves nothing open after a part', () => {
  runPart(database, add);
  expect([database.isTransaction, count()]).toEqual([false, 1]);
});
