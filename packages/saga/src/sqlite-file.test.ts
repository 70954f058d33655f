import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JournalProcess, startJournalProcess } from './fixtures/journal-process.ts';
import { createSqliteHouse, type SqliteHouse } from './fixtures/sqlite-house.ts';
import { openDatabase, toPassing } from './sqlite-file.ts';
import { openReader } from './sqlite-journal.ts';

let house: SqliteHouse;
beforeEach(() => {
  house = createSqliteHouse();
});
afterEach(() => house.remove());

describe('a new journal', () => {
  test('is durable on the connection that writes', () => {
    const database = openDatabase(house.path);
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(database.prepare('PRAGMA secure_delete').get()).toEqual({ secure_delete: 1 });
    database.close();
  });

  test('is for its owner alone', async () => {
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

  test('takes the place of an empty file', async () => {
    mkdirSync(dirname(house.path));
    writeFileSync(house.path, '');
    (await house.open()).close();
    expect(statSync(house.path).mode & 0o777).toBe(0o600);
  });
});

describe('a file that must not be used', () => {
  /** Refused under this code, and not a byte of it changed. */
  const expectRefusal = async (code: string): Promise<void> => {
    const before = readFileSync(house.path);
    await expect(house.open()).rejects.toMatchObject({ name: 'JournalError', code });
    expect(readFileSync(house.path).equals(before)).toBe(true);
  };
  const make = async (): Promise<void> => {
    const journal = await house.open();
    for (let i = 0; i < 50; i++) journal.prune([], 'x'.repeat(i * 1_000));
    journal.close();
  };
  const alter = (sql: string): void => {
    const database = new DatabaseSync(house.path);
    database.exec(sql);
    database.close();
  };

  test('is refused when it was truncated', async () => {
    await make();
    truncateSync(house.path, Math.floor(statSync(house.path).size / 2));
    await expectRefusal('corrupt');
  });

  test('is refused when a page was overwritten', async () => {
    await make();
    const bytes = readFileSync(house.path);
    bytes.fill(0xab, 4_096, 4_096 * 3);
    writeFileSync(house.path, bytes);
    await expectRefusal('corrupt');
  });

  test('is refused when it is no database', async () => {
    mkdirSync(dirname(house.path));
    writeFileSync(house.path, 'Dear diary, '.repeat(1_000));
    await expectRefusal('corrupt');
  });

  test('is refused when it is another program’s database', async () => {
    mkdirSync(dirname(house.path));
    alter('CREATE TABLE diary (day TEXT)');
    await expectRefusal('foreign');
  });

  test('is refused when a newer engine wrote it', async () => {
    await make();
    alter('PRAGMA user_version = 3');
    await expectRefusal('foreign');
  });

  test('is refused when it cannot be written', async () => {
    writeFileSync(join(house.folder, 'data'), 'a file where the folder should be');
    await expect(house.open()).rejects.toMatchObject({ name: 'JournalError', code: 'unreadable' });
  });

  test('is refused when it is a folder', async () => {
    mkdirSync(house.path, { recursive: true });
    await expect(house.open()).rejects.toMatchObject({ name: 'JournalError', code: 'unreadable' });
  });

  /** It waits for five seconds, as for any other writer. */
  test('is told from one that another program writes, which loses nothing by it', async () => {
    await make();
    const other = new DatabaseSync(house.path);
    other.exec('BEGIN IMMEDIATE');
    await expectRefusal('busy');
    other.close();
    (await house.open()).close();
  });

  test('is free again once it was mended', async () => {
    await make();
    alter('PRAGMA user_version = 3');
    await expectRefusal('foreign');
    alter('PRAGMA user_version = 2');
    (await house.open()).close();
  });
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

  test.each([
    [{ errcode: 13 }, true],
    [{ errcode: 10 | (3 << 8) }, true],
    [{ code: 'ENOSPC' }, true],
    [{ code: 'EDQUOT' }, true],
    [{ code: 'EIO' }, true],
    [{ code: 'EACCES' }, false],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 11 }, false],
  ])('is told from other errors: %o is one: %s', (shape, isOne) => {
    const failure = toPassing('/data/journal.db', Object.assign(new Error('planned'), shape));
    expect(failure?.message.startsWith('the disk of /data is full or fails (planned)')).toBe(
      isOne ? true : undefined,
    );
  });
});

describe('a file of the version before, which knew no notices', () => {
  const makeOld = async (): Promise<void> => {
    const journal = await house.open();
    journal.prune([], 'carried');
    journal.close();
    const database = new DatabaseSync(house.path);
    database.exec('DROP TABLE notices; PRAGMA user_version = 1');
    database.close();
  };

  test('goes on where it was, and takes notices from then on', async () => {
    await makeOld();
    const journal = await house.open();
    expect(journal.readNotices(9)).toEqual([]);
    await journal.addNotice({ at: 1 });
    journal.close();
    const again = await house.open();
    expect([again.readCarried(), again.readNotices(9)]).toEqual(['carried', [{ at: 1 }]]);
    again.close();
  });

  test('can be looked at, and is not changed by that', async () => {
    await makeOld();
    const before = readFileSync(house.path);
    const reader = openReader(house.path);
    expect([reader.readCarried(), reader.readNotices(9)]).toEqual(['carried', []]);
    reader.close();
    expect(readFileSync(house.path).equals(before)).toBe(true);
  });
});
