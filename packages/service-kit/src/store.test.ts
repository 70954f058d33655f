import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StartupProblem } from './startup-problem.ts';
import { openStore, type StoreOptions } from './store.ts';
import { createTemporaryFolder } from './testing/stand-in/temporary-folder.ts';

const schema = 'CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, n INTEGER NOT NULL)';

function open(options: Partial<StoreOptions> & { path: string }) {
  const store = openStore({ migrations: [schema], ...options });
  onTestFinished(store.close);
  return store;
}
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
function catchProblem(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
const newPath = () => join(createTemporaryFolder(), 'data', 'inventory.sqlite');

describe('a new file', () => {
  it('is its owner’s alone, in a folder that is too', async () => {
    const path = newPath();
    const store = open({ path });
    await store.transact((db) => db.exec("INSERT INTO stock VALUES ('mug', 1)"));
    expect(modeOf(join(path, '..'))).toBe('700');
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(modeOf(file)).toBe('600');
  });

  it('is durable: WAL and FULL', () => {
    const { db } = open({ path: newPath() });
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  });

  it('is seeded once, and keeps its incarnation; another file has another', async () => {
    const path = newPath();
    const seed = vi.fn((db: DatabaseSync) => db.exec("INSERT INTO stock VALUES ('mug', 5)"));
    const first = open({ path, seed });
    await first.transact((db) => db.exec('UPDATE stock SET n = 4'));
    first.close();
    const again = open({ path, seed });
    expect(seed).toHaveBeenCalledOnce();
    expect(again.db.prepare('SELECT n FROM stock').get()).toEqual({ n: 4 });
    expect(again.incarnation).toBe(first.incarnation);
    expect(open({ path: newPath() }).incarnation).not.toBe(first.incarnation);
  });

  it('is seeded wholly or not at all', () => {
    const path = newPath();
    const failing = (db: DatabaseSync) => {
      db.exec("INSERT INTO stock VALUES ('mug', 5)");
      throw new Error('planned');
    };
    expect(() => open({ path, seed: failing })).toThrow(StartupProblem);
    const seeded = open({ path, seed: (db) => db.exec("INSERT INTO stock VALUES ('cup', 1)") });
    expect(seeded.db.prepare('SELECT sku FROM stock').all()).toEqual([{ sku: 'cup' }]);
  });

  it('makes a file that others could read its owner’s alone', () => {
    const path = newPath();
    open({ path }).close();
    chmodSync(path, 0o644);
    open({ path });
    expect(modeOf(path)).toBe('600');
  });
});

it('a file from before files had versions keeps what it has, its incarnation too', () => {
  const path = newPath();
  const first = open({ path, seed: (db) => db.exec("INSERT INTO stock VALUES ('mug', 5)") });
  first.db.exec('PRAGMA user_version = 0');
  first.close();
  const seed = vi.fn();
  const second = 'ALTER TABLE stock ADD COLUMN held INTEGER NOT NULL DEFAULT 0';
  const again = open({ path, seed, migrations: [schema, second] });
  expect(again.db.prepare('SELECT * FROM stock').all()).toEqual([{ sku: 'mug', n: 5, held: 0 }]);
  expect([again.incarnation, seed.mock.calls]).toEqual([first.incarnation, []]);
});

it('a file of a newer program is a problem that waits for somebody', () => {
  const path = newPath();
  open({ path, migrations: [schema, ''] }).close();
  expect(catchProblem(() => open({ path }))).toMatchObject({
    exitCode: 1,
    lines: [expect.stringMatching(/written by a newer version/)],
  });
});

describe('a file that cannot be used is named and left as it is', () => {
  const expectRefused = (path: string, reason: RegExp) => {
    const before = readFileSync(path);
    let lines: readonly string[] = [];
    try {
      open({ path });
    } catch (error) {
      if (error instanceof StartupProblem) lines = error.lines;
    }
    expect(lines[0]).toContain(path);
    expect(lines[0]).toMatch(reason);
    expect(readFileSync(path).equals(before)).toBe(true);
  };
  const writeAt = (content: string | Buffer) => {
    const path = newPath();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  };

  it('no database at all', () => {
    expectRefused(
      writeAt('this is a letter, not a database. '.repeat(100)),
      /is damaged .*not a database.*restore it/,
    );
  });

  it('pages overwritten', async () => {
    const path = newPath();
    const store = open({ path });
    await store.transact((db) => {
      const insert = db.prepare('INSERT INTO stock VALUES (?, ?)');
      for (let i = 0; i < 2_000; i += 1) insert.run(`sku-${i}`, i);
    });
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xab, 4_096 * 3, 4_096 * 6);
    writeFileSync(path, bytes);
    expectRefused(path, /is damaged/);
  });

  it('cut short', () => {
    const path = newPath();
    open({ path }).close();
    truncateSync(path, 4_096);
    expectRefused(path, /is damaged/);
  });

  it("another program's database", () => {
    const path = writeAt('');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE letters (text TEXT)');
    other.close();
    expectRefused(path, /another program/);
  });

  it('a folder where the file should be', () => {
    const path = newPath();
    mkdirSync(path, { recursive: true });
    expect(() => open({ path })).toThrow(path);
  });

  it('a folder that is a file', () => {
    const folder = writeAt('in the way');
    expect(() => open({ path: join(folder, 'x.sqlite') })).toThrow(folder);
    expect(existsSync(join(folder, 'x.sqlite'))).toBe(false);
  });
});

describe('a file that another program holds', () => {
  it.each([
    ['writing', 'BEGIN IMMEDIATE'],
    ['alone', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE'],
  ])('%s is a problem that may pass, and nothing is said of restoring it', async (_how, sql) => {
    const path = newPath();
    const first = open({ path });
    await first.transact((db) => db.exec("INSERT INTO stock VALUES ('mug', 1)"));
    first.close();
    const other = new DatabaseSync(path);
    other.exec(sql);
    const problem = catchProblem(() => open({ path, busyTimeoutMs: 1 }));
    expect(problem).toMatchObject({
      name: 'StartupProblem',
      exitCode: 75,
      lines: [expect.stringMatching(/held by another program.*Nothing needs to be restored/)],
    });
    other.close();
    const again = open({ path, busyTimeoutMs: 1 });
    expect(again.incarnation).toBe(first.incarnation);
    expect(again.db.prepare('SELECT n FROM stock').get()).toEqual({ n: 1 });
  });
});

it('a file that cannot be opened, as where too many are open, is not said to need restoring', () => {
  const path = newPath();
  open({ path }).close();
  // SQLite says the same where it may open no more descriptors.
  mkdirSync(`${path}-wal`);
  expect(catchProblem(() => open({ path }))).toMatchObject({
    exitCode: 75,
    lines: [expect.stringMatching(/cannot be opened.*Nothing needs to be restored/)],
  });
});

describe('a disk that is full or fails', () => {
  /** SQLite says the same of a file that may not grow as of a disk that is full. */
  const fill = (db: DatabaseSync) => {
    db.exec('PRAGMA max_page_count = 1');
    db.prepare('INSERT INTO stock VALUES (?, 1)').run('x'.repeat(99_999));
  };

  it('is a problem that may pass, told in one line that names the folder', () => {
    const path = newPath();
    const problem = catchProblem(() => open({ path, seed: fill }));
    expect(problem).toMatchObject({
      name: 'StartupProblem',
      exitCode: 75,
      lines: [expect.stringContaining(`${join(path, '..')} is full or fails`)],
    });
    open({ path, seed: (db) => db.exec("INSERT INTO stock VALUES ('cup', 1)") });
  });
});

describe('a transaction', () => {
  it('rolls back what a throw interrupts, and the next one works', async () => {
    const store = open({ path: ':memory:' });
    const failing = (db: DatabaseSync) => {
      db.exec("INSERT INTO stock VALUES ('mug', 1)");
      throw new Error('planned');
    };
    await expect(store.transact(failing)).rejects.toThrow('planned');
    expect(store.db.isTransaction).toBe(false);
    expect(await store.transact((db) => db.prepare('SELECT * FROM stock').all())).toEqual([]);
  });

  it('that waits for something else is refused and rolled back', async () => {
    const store = open({ path: ':memory:' });
    const waiting = async () => store.db.exec("INSERT INTO stock VALUES ('mug', 1)");
    await expect(store.transact(waiting)).rejects.toThrow('synchronous');
    expect(store.db.prepare('SELECT * FROM stock').all()).toEqual([]);
  });

  it('never begins again after the disk failed, and says so once', async () => {
    const onBroken = vi.fn();
    const store = open({ path: ':memory:', onBroken });
    const failed = Object.assign(new Error('disk I/O error'), { errcode: 10 });
    const failing = () => {
      throw failed;
    };
    await expect(store.transact(failing)).rejects.toThrow('disk I/O error');
    const next = vi.fn();
    await expect(store.transact(next)).rejects.toThrow('failed before');
    expect(next).not.toHaveBeenCalled();
    expect(onBroken).toHaveBeenCalledExactlyOnceWith(failed);
  });

  it('goes on after the disk was full', async () => {
    const onBroken = vi.fn();
    const store = open({ path: newPath(), onBroken });
    const add = (sku: string) =>
      store.transact((db) => db.prepare('INSERT INTO stock VALUES (?, 1)').run(sku.repeat(9_999)));
    await add('a');
    store.db.exec('PRAGMA max_page_count = 1');
    await expect(add('b')).rejects.toThrow('full');
    store.db.exec('PRAGMA max_page_count = 1000000');
    await add('b');
    expect(store.hasRoom()).toBe(true);
    expect(onBroken).not.toHaveBeenCalled();
    expect(store.db.prepare('SELECT count(*) AS n FROM stock').get()).toEqual({ n: 2 });
  });

  it('leaves no write-ahead log behind a second after its last write', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const path = newPath();
    const store = open({ path });
    for (let i = 0; i < 99; i += 1)
      await store.transact((db) => db.exec(`INSERT INTO stock VALUES ('${i}', 1)`));
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(99_999);
    vi.advanceTimersByTime(2_000);
    expect(statSync(`${path}-wal`).size).toBe(0);
    store.close();
  });

  it('goes on after an ordinary error, such as a broken constraint', async () => {
    const onBroken = vi.fn();
    const store = open({ path: ':memory:', onBroken });
    await expect(
      store.transact((db) => db.exec('INSERT INTO stock VALUES (1, NULL)')),
    ).rejects.toThrow();
    await store.transact((db) => db.exec("INSERT INTO stock VALUES ('mug', 1)"));
    expect(onBroken).not.toHaveBeenCalled();
  });
});

it('compiles a statement once, and keeps a bounded number of them', () => {
  const store = open({ path: ':memory:' });
  const first = store.db.prepare('SELECT n FROM stock');
  expect(store.db.prepare('SELECT n FROM stock')).toBe(first);
  for (let i = 0; i < 100; i += 1) store.db.prepare(`SELECT ${i}`);
  expect(store.db.prepare('SELECT n FROM stock')).not.toBe(first);
});

it('writes nothing more, and says so, once its file was removed', async () => {
  const onBroken = vi.fn();
  const path = newPath();
  const store = open({ path, onBroken });
  rmSync(join(path, '..'), { recursive: true });
  await expect.poll(() => onBroken.mock.calls.length).toBe(1);
  expect(onBroken.mock.lastCall?.[0]).toMatchObject({ code: 'removed' });
  await expect(store.transact(() => 1)).rejects.toThrow(/nothing is written/);
});
