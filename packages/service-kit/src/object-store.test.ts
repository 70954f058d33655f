import { expect, it } from 'vitest';
import { openObjectStore } from './object-store.ts';
import { createStorage } from './testing/stand-in/storage.ts';

const tables = [
  'CREATE TABLE stock (id INTEGER PRIMARY KEY, sku TEXT)',
  'CREATE TABLE held (sku TEXT)',
];

it('makes its tables once, keeps its incarnation, and hands out the row that was inserted', () => {
  const storage = createStorage();
  const { db, incarnation } = openObjectStore(storage, tables);
  db.prepare('INSERT INTO stock VALUES (?, ?)').run(7, 'mug');
  const { lastInsertRowid } = db.prepare('INSERT INTO stock (sku) VALUES (?)').run('cup');
  expect(lastInsertRowid).toBe(8);
  const again = openObjectStore(storage, tables);
  expect(again.incarnation).toBe(incarnation);
  expect(again.db.prepare('SELECT count(*) AS n FROM stock').get()).toEqual({ n: 2 });
});

it('refuses tables that a newer program made, and leaves them as they are', () => {
  const storage = createStorage();
  openObjectStore(storage, tables);
  expect(() => openObjectStore(storage, tables.slice(0, 1))).toThrow('newer version (2)');
  expect(() => openObjectStore(storage, tables)).not.toThrow();
});
