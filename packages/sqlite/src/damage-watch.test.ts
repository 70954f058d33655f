import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { toMark, wholeBytesMax } from './damage-watch.ts';
import { openFile } from './durable-file.ts';
import { FileCare } from './file-care.ts';
import { createFileHouse, diary, type FileHouse } from './fixtures/file-house.ts';

let house: FileHouse;
beforeEach(() => {
  house = createFileHouse();
  const database = open();
  const insert = database.prepare('INSERT INTO days VALUES (?, ?)');
  database.exec('BEGIN');
  for (let day = 0; day < 3_000; day++) insert.run(`day ${day}`, 'x'.repeat(5_000));
  database.exec('COMMIT');
  database.close();
  expect(statSync(house.path).size).toBeGreaterThan(wholeBytesMax);
});
afterEach(() => house.remove());

function open(): DatabaseSync {
  const database = openFile({ ...diary, path: house.path });
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return database;
}
function watch(database: DatabaseSync) {
  const onFailure = vi.fn();
  const care = new FileCare(database, { ...diary, path: house.path }, onFailure);
  onTestFinished(() => care.stop());
  return onFailure;
}
/** The leaf that holds this day. */
function findPage(name: string, day: string): number {
  const database = open();
  const [row] = database.prepare('SELECT rowid AS id FROM days WHERE day = ?').all(day);
  const pages = database
    .prepare("SELECT pageno, ncell FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path")
    .all(name);
  database.close();
  let left = Number(row?.id);
  const page = pages.find(({ ncell }) => {
    left -= Number(ncell);
    return left <= 0;
  });
  return Number(page?.pageno);
}
function damage(page: number, with_: number): Buffer {
  const whole = readFileSync(house.path);
  const bytes = Buffer.from(whole);
  bytes.fill(with_, (page - 1) * 4_096, page * 4_096);
  writeFileSync(house.path, bytes);
  return whole;
}

test.each([
  ['of a table', 'days', 0xab],
  ['of a table, that is empty', 'days', 0],
  ['of an index', 'sqlite_autoindex_days_1', 0xab],
] as const)(
  'a damaged page deep in a large file, %s, is found while it is in use, and refused from then on',
  async (_, name, byte) => {
    const whole = damage(findPage(name, 'day 2900'), byte);
    const database = open();
    const onFailure = watch(database);
    // Nobody reads the page.
    database.exec("UPDATE days SET text = 'sun' WHERE day = 'day 7'");
    await expect.poll(() => onFailure.mock.calls.length).toBe(1);
    const refusal = {
      name: 'FileError',
      code: 'corrupt',
      message: expect.stringContaining(`The diary ${house.path} is damaged (page`),
    };
    expect(onFailure.mock.calls).toMatchObject([[refusal]]);
    database.close();
    expect(() => open()).toThrow(/is damaged/);
    writeFileSync(house.path, whole);
    open().close();
    expect(existsSync(toMark(house.path))).toBe(false);
  },
);

test('a large file that is sound is read, and nothing said', async () => {
  const database = open();
  const onFailure = watch(database);
  const ended = await new Promise((resolve) => {
    process.once('worker', (worker) => worker.once('exit', resolve));
  });
  expect(ended).toBe(0);
  expect(onFailure).not.toHaveBeenCalled();
});
