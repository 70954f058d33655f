import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JournalProcess, startJournalProcess } from '../fixtures/journal-process.ts';
import { createSqliteHouse, type SqliteHouse } from '../fixtures/sqlite-house.ts';
import { JournalError } from '../index.ts';
import { migrations } from './journal-file.ts';
import { openReader } from './sqlite-journal.ts';

let house: SqliteHouse;
beforeEach(() => {
  house = createSqliteHouse();
});
afterEach(() => house.remove());

test('a new journal is for its owner alone, with all that stands beside it', async () => {
  const journal = await house.open();
  const folder = dirname(house.path);
  expect(readdirSync(folder).sort()).toEqual([
    'journal.db',
    'journal.db-shm',
    'journal.db-wal',
    'journal.lock',
    'journal.lock-journal',
  ]);
  const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  journal.close();
});

test('a journal that must not be used is refused as a JournalError, by its name', async () => {
  mkdirSync(dirname(house.path));
  writeFileSync(house.path, 'Dear diary, '.repeat(1_000));
  const refusal = await house.open().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(JournalError);
  expect(refusal).toMatchObject({
    code: 'corrupt',
    message: expect.stringContaining(`The journal ${house.path} is damaged`),
  });
});

test('a journal that a newer engine wrote is refused, and free again once it was mended', async () => {
  const alter = (sql: string): void => {
    const database = new DatabaseSync(house.path);
    database.exec(sql);
    database.close();
  };
  (await house.open()).close();
  alter(`PRAGMA user_version = ${migrations.length + 1}`);
  await expect(house.open()).rejects.toMatchObject({ code: 'newer' });
  alter(`PRAGMA user_version = ${migrations.length}`);
  (await house.open()).close();
});

/** It waits for five seconds, as for any other writer. */
test('a journal that another program writes is busy, and loses nothing by it', async () => {
  (await house.open()).close();
  const other = new DatabaseSync(house.path);
  other.exec('BEGIN IMMEDIATE');
  await expect(house.open()).rejects.toMatchObject({ code: 'busy' });
  other.close();
  (await house.open()).close();
});

describe('a disk that is full or fails', () => {
  const processes: JournalProcess[] = [];
  const launch = (fileBlocksMax?: number): JournalProcess => {
    const started = startJournalProcess(house.path, 'active', fileBlocksMax);
    processes.push(started);
    return started;
  };
  afterEach(() => Promise.all(processes.splice(0).map((each) => each.kill())));

  /** The log's index has 64 blocks; what a killed process left in the log itself is longer. */
  test.each([
    ['not even the index of the log can be written', 0],
    ['the log cannot grow by the next executor’s number', 64],
  ])('is told from a file that must not be used, and loses nothing: %s', async (_name, blocks) => {
    const first = launch();
    expect(await first.next()).toBe('ready');
    expect([await first.ask('append'), await first.ask('append')]).toEqual([1, 2]);
    await first.kill();
    expect(await launch(blocks).next()).toBe('disk-failing');
    const next = launch();
    expect(await next.next()).toBe('ready');
    expect(await next.ask('count')).toBe(2);
  });

  test('is told of a journal that is to be made', async () => {
    expect(await launch(0).next()).toBe('disk-failing');
    expect(await launch().next()).toBe('ready');
  });

  test('leaves nothing open when the executor cannot be counted in', async () => {
    await house.open().then((journal) => journal.close());
    const database = new DatabaseSync(house.path);
    database.exec(`CREATE TRIGGER full BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'no'); END`);
    await expect(house.open()).rejects.toThrow('no');
    database.exec('DROP TRIGGER full');
    database.close();
    // The last handle to be closed takes the log with it.
    expect(readdirSync(dirname(house.path))).not.toContain('journal.db-wal');
    await house.open().then((journal) => journal.close());
  });
});

test('a file of version 3 is counted once, when it is brought up to date', async () => {
  mkdirSync(dirname(house.path), { recursive: true });
  const database = new DatabaseSync(house.path);
  database.exec(`${migrations.slice(0, 3).join('')} PRAGMA application_id = ${0x42544e31}; PRAGMA user_version = 3;
    INSERT INTO runs (id, saga, version, status, accepted_at, settled_at, due_at, priority) VALUES
      ('a', 'trip', 1, 'running', 1, NULL, 0, 1), ('b', 'trip', 1, 'running', 1, NULL, 9, 1), ('c', 'trip', 2, 'stuck', 1, NULL, 9, 4),
      ('d', 'trip', 1, 'completed', 1, 2, 9, 3), ('e', 'trip', 1, 'completed', 1, 2, NULL, 3);
    INSERT INTO waits VALUES ('pay', 'parked', 0, 1, 'a'), ('pay', 'parked', 0, 1, 'b'), ('pay', 'retry', 0, 1, 'd')`);
  database.close();
  const reader = openReader(house.path);
  expect(reader.list({ limit: 9, status: 'owing' })).toMatchObject([{ id: 'd' }]);
  reader.close();
  const journal = await house.open();
  expect(journal.countRuns()).toEqual({ open: 2, aside: 1 });
  expect(journal.countWaits()).toEqual([
    { participant: 'pay', kind: 'parked', count: 2 },
    { participant: 'pay', kind: 'retry', count: 1 },
  ]);
  journal.close();
});

describe('a file of the version before, which knew no notices', () => {
  const makeOld = (): void => {
    mkdirSync(dirname(house.path), { recursive: true });
    const database = new DatabaseSync(house.path);
    database.exec(`${migrations[0]} PRAGMA application_id = ${0x42544e31}; PRAGMA user_version = 1;
      INSERT INTO meta (name, value) VALUES ('carried', '"carried"')`);
    database.close();
  };

  test('goes on where it was, and takes notices from then on', async () => {
    makeOld();
    const journal = await house.open();
    expect(journal.readNotices(9)).toEqual([]);
    await journal.addNotice({ at: 1 });
    journal.close();
    const again = await house.open();
    expect([again.readCarried(), again.readNotices(9)]).toEqual(['carried', [{ at: 1 }]]);
    again.close();
  });

  test('can be looked at, and is not changed by that', async () => {
    makeOld();
    const before = readFileSync(house.path);
    const reader = openReader(house.path);
    expect([reader.readCarried(), reader.readNotices(9)]).toEqual(['carried', []]);
    reader.close();
    expect(readFileSync(house.path).equals(before)).toBe(true);
  });
});
