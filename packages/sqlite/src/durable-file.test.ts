import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { wholeBytesMax } from './damage-watch.ts';
import { type DurableFile, isSupported, openFile, openForReading } from './durable-file.ts';
import { isDamaged } from './failure.ts';
import { createFileHouse, diary, type FileHouse } from './fixtures/file-house.ts';

let house: FileHouse;
beforeEach(() => {
  house = createFileHouse();
});
afterEach(() => house.remove());

function open(options: Partial<DurableFile> = {}): DatabaseSync {
  const database = openFile({ ...diary, path: house.path, busyMs: 1, ...options });
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return database;
}
function make(): void {
  const database = open();
  const insert = database.prepare('INSERT INTO days VALUES (?, ?)');
  database.exec('BEGIN');
  for (let day = 0; day < 2_000; day++) insert.run(`day ${day}`, 'Dear diary');
  database.exec('COMMIT');
  database.close();
}
function alter(sql: string): void {
  const database = new DatabaseSync(house.path);
  database.exec(sql);
  database.close();
}
function catchError(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
const modeOf = (path: string): number => statSync(path).mode & 0o777;
/** Refused under this code, by its name, and not a byte of it changed. */
function expectRefusal(code: string, options?: Partial<DurableFile>): void {
  const before = readFileSync(house.path);
  expect(catchError(() => open(options))).toMatchObject({
    name: 'FileError',
    code,
    message: expect.stringContaining(house.path),
  });
  expect(readFileSync(house.path).equals(before)).toBe(true);
}

const expectRefusalOf = (work: () => unknown, code: string, message: RegExp): void =>
  expect(catchError(work)).toMatchObject({ code, message: expect.stringMatching(message) });

describe('a new file', () => {
  test('is durable on the connection that writes', () => {
    const database = open();
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(database.prepare('PRAGMA secure_delete').get()).toEqual({ secure_delete: 1 });
  });

  test('is for its owner alone', () => {
    open();
    const folder = dirname(house.path);
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['diary.db', 'diary.db-shm', 'diary.db-wal']);
    for (const name of names) expect(modeOf(join(folder, name))).toBe(0o600);
    expect(modeOf(folder)).toBe(0o700);
  });

  test('takes the place of an empty file, and lets nobody else read it', () => {
    mkdirSync(dirname(house.path));
    writeFileSync(house.path, '', { mode: 0o644 });
    open().close();
    expect(modeOf(house.path)).toBe(0o600);
  });

  test('is filled once', () => {
    const fill = vi.fn((database: DatabaseSync) =>
      database.exec("INSERT INTO days VALUES ('Monday', 'rain')"),
    );
    open({ fill }).close();
    const again = open({ fill });
    expect(fill).toHaveBeenCalledOnce();
    expect(again.prepare('SELECT * FROM days').all()).toHaveLength(1);
  });

  test('is filled wholly or not at all', () => {
    const fill = (database: DatabaseSync): never => {
      database.exec("INSERT INTO days VALUES ('Monday', 'rain')");
      throw new Error('planned');
    };
    expectRefusalOf(() => open({ fill }), 'not-migrated', /from version 0 to 1 \(planned\)/);
    const filled = open({ fill: (db) => db.exec("INSERT INTO days VALUES ('Tuesday', 'sun')") });
    expect(filled.prepare('SELECT day FROM days').all()).toEqual([{ day: 'Tuesday' }]);
  });
});

test('a file that others could read becomes its owner’s alone', () => {
  make();
  chmodSync(house.path, 0o644);
  open();
  expect(modeOf(house.path)).toBe(0o600);
});

describe('a file that must not be used', () => {
  test('is refused when it was truncated', () => {
    make();
    truncateSync(house.path, Math.floor(statSync(house.path).size / 2));
    expectRefusal('corrupt');
  });

  test('is refused when only its first page is left', () => {
    make();
    truncateSync(house.path, 4_096);
    expectRefusal('corrupt');
  });

  test('is refused when a page was overwritten', () => {
    make();
    const bytes = readFileSync(house.path);
    bytes.fill(0xab, 4_096, 4_096 * 3);
    writeFileSync(house.path, bytes);
    expectRefusal('corrupt');
  });

  test('is not read whole for that where it is large: who reads what is damaged there is told', () => {
    make();
    const bytes = readFileSync(house.path);
    bytes.fill(0xab, 4_096, 4_096 * 3);
    writeFileSync(house.path, bytes);
    truncateSync(house.path, wholeBytesMax);
    expectRefusal('corrupt');
    truncateSync(house.path, wholeBytesMax + 4_096);
    const database = open();
    const read = () => database.prepare('SELECT day FROM days').get();
    expect(isDamaged(catchError(read))).toBe(true);
  });

  test('is refused when it is no database', () => {
    mkdirSync(dirname(house.path));
    writeFileSync(house.path, 'Dear diary, '.repeat(1_000));
    expectRefusal('corrupt');
  });

  test('is refused when it is another program’s database, whose mode stays as it is', () => {
    mkdirSync(dirname(house.path));
    alter('CREATE TABLE letters (text TEXT)');
    chmodSync(house.path, 0o644);
    expectRefusal('foreign');
    expect(modeOf(house.path)).toBe(0o644);
  });

  test('is refused when a newer program wrote it, and free again once it was mended', () => {
    make();
    alter('PRAGMA user_version = 2');
    expectRefusal('newer');
    alter('PRAGMA user_version = 1');
    open();
  });

  test('is refused when a file stands where its folder should be', () => {
    writeFileSync(dirname(house.path), 'in the way');
    expectRefusalOf(open, 'unreadable', /diary\.db cannot be used/);
    expect(existsSync(house.path)).toBe(false);
  });

  test('is refused when it is a folder', () => {
    mkdirSync(house.path, { recursive: true });
    expectRefusalOf(open, 'unreadable', /diary\.db cannot be used \(it is a folder\)/);
  });
});

describe('a file that cannot be used now', () => {
  test.each([
    ['writes it', 'BEGIN IMMEDIATE'],
    ['has it alone', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE'],
  ])('is busy while another program %s, and loses nothing by it', (_how, sql) => {
    make();
    const other = new DatabaseSync(house.path);
    other.exec(sql);
    expectRefusal('busy');
    other.close();
    expect(open().prepare('SELECT * FROM days').all()).toHaveLength(2_000);
  });

  test('cannot be opened, as where too many are open, and is not said to need restoring', () => {
    make();
    // SQLite says the same where it may open no more descriptors.
    mkdirSync(`${house.path}-wal`);
    expectRefusalOf(open, 'not-opened', /cannot be opened.*Nothing needs to be restored/);
  });

  test('has no room on its disk, and is made once there is', () => {
    // SQLite says the same of a file that may not grow as of a disk that is full.
    const fill = (database: DatabaseSync): void => {
      database.exec('PRAGMA max_page_count = 1');
      database.prepare('INSERT INTO days VALUES (?, ?)').run('Monday', 'x'.repeat(99_999));
    };
    expectRefusalOf(() => open({ fill }), 'disk-failing', /data is full or fails/);
    open();
  });
});

describe('a file of an older version', () => {
  const second = 'ALTER TABLE days ADD COLUMN mood TEXT';
  const third = "UPDATE days SET mood = 'fine'";
  const migrations = [...diary.migrations, second, third];

  test('is brought up to date by what it lacks, and not filled again', () => {
    make();
    const fill = vi.fn();
    const database = open({ migrations, fill });
    expect(database.prepare('SELECT DISTINCT mood FROM days').all()).toEqual([{ mood: 'fine' }]);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 3 });
    expect(fill).not.toHaveBeenCalled();
    database.close();
    open({ migrations });
  });

  test('stays as it was where a migration fails, says so, and can be used as before', () => {
    make();
    const failing = [...diary.migrations, second, 'UPDATE nights SET mood = 1'];
    expectRefusal('not-migrated', { migrations: failing });
    expectRefusalOf(
      () => open({ migrations: failing }),
      'not-migrated',
      /from version 1 to 3 \(no such table: nights\).*was left as it is/,
    );
    expect(open().prepare('SELECT * FROM days LIMIT 1').get()).not.toHaveProperty('mood');
  });

  test('is busy, not broken, where another program keeps it from being brought up to date', () => {
    make();
    const other = new DatabaseSync(house.path);
    other.exec('BEGIN IMMEDIATE');
    expectRefusal('busy', { migrations });
    other.close();
  });

  test('can be looked at, and is not changed by that', () => {
    make();
    const before = readFileSync(house.path);
    const reader = openForReading({ ...diary, path: house.path, migrations });
    expect(reader.prepare('SELECT * FROM days').all()).toHaveLength(2_000);
    expect(() => reader.exec('DELETE FROM days')).toThrow('readonly');
    reader.close();
    expect(readFileSync(house.path).equals(before)).toBe(true);
  });
});

test('of two that make a file at once, the second one finds it made', () => {
  const fill = vi.fn();
  open({
    fill: (database) => {
      fill();
      expect(database.isTransaction).toBe(true);
      expectRefusalOf(open, 'busy', /held by another program/);
    },
  });
  open({ fill });
  expect(fill).toHaveBeenCalledOnce();
});

test.each([
  ['3.51.2', false],
  ['3.50.9', false],
  ['2.99.99', false],
  ['3.51.3', true],
  ['3.52.0', true],
  ['4.0.0', true],
])('SQLite %s is supported: %s', (version, supported) => {
  expect(isSupported(version)).toBe(supported);
});
