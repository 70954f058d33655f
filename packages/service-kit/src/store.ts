/**
 * A service's own SQLite file: its business tables and its fence, in one file so that one
 * transaction holds both. It is not shared between services.
 *
 * 1. Durable: WAL and synchronous=FULL, both read back.
 * 2. A file that is corrupt, or is not ours, is refused by name and left as it is.
 * 3. Fail-stop: after an I/O error no transaction begins on this handle again.
 */
import { randomUUID } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDiskFailing, isNotOpened, isStoreBroken, isStoreBusy } from './sqlite-error.ts';
import { StartupProblem } from './startup-problem.ts';

/** Older ones can corrupt a WAL when a checkpoint races with a write. */
const SQLITE_MIN = [3, 51, 3] as const;
/** Marks our files, so that no other program's database is taken for one ('BATN'). */
const APPLICATION_ID = 0x4241544e;
const BUSY_TIMEOUT_MS = 2_000;
const IN_MEMORY = ':memory:';

export interface StoreOptions {
  /** A file, or `:memory:` for a test that needs no durability. */
  readonly path: string;
  /** Creates the service's tables; `CREATE TABLE IF NOT EXISTS` only. */
  readonly schema: string;
  /** Fills a new file; never run on an existing one. */
  readonly seed?: (db: DatabaseSync) => void;
  /** Called once when the file can no longer be trusted: end the process and start again. */
  readonly onBroken?: (error: unknown) => void;
  readonly busyTimeoutMs?: number;
}

export interface Store {
  readonly db: DatabaseSync;
  readonly path: string;
  /** Random, made with the file: when it changes, the service has lost its memory. */
  readonly incarnation: string;
  /** Runs `work` under the write lock; a throw rolls all of it back. */
  readonly transact: <T>(work: (db: DatabaseSync) => T) => T;
  readonly close: () => void;
}

export const isSupportedSqlite = (version: string): boolean => {
  const parts = version.split('.').map(Number);
  const difference = SQLITE_MIN.map((min, i) => (parts[i] ?? 0) - min).find((d) => d !== 0);
  return difference === undefined || difference > 0;
};

const readOne = (db: DatabaseSync, sql: string): unknown =>
  Object.values(db.prepare(sql).get() ?? {})[0];

const toReason = (error: unknown): string =>
  error instanceof Error ? error.message : 'it cannot be read';

const refuse = (path: string, reason: string): never => {
  throw new StartupProblem([
    `The data file ${path} cannot be used: ${reason}.`,
    'It was left as it is. Restore it from a copy, or move it away to begin with an empty one.',
  ]);
};

/** What has nothing to do with the file itself, and may pass while the supervisor goes on trying. */
const findPassing = (path: string, error: unknown): string | undefined => {
  if (isStoreBusy(error)) {
    return `The data file ${path} is held by another program: close that one, and start again. Nothing needs to be restored.`;
  }
  if (isDiskFailing(error)) {
    return `The disk of ${dirname(path)} is full or fails (${toReason(error)}): make room there or mend it, and start again.`;
  }
  if (isNotOpened(error)) {
    return `The data file ${path}, or one that SQLite keeps beside it, cannot be opened (${toReason(error)}): let this user write to that folder, or raise the limit of open files (ulimit -n), and start again. Nothing needs to be restored.`;
  }
  return undefined;
};

const refuseAfter = (path: string, error: unknown): never => {
  const passing = findPassing(path, error);
  if (passing === undefined) return refuse(path, toReason(error));
  throw new StartupProblem([passing], { passing: true });
};

/** Read-only, so that a damaged or foreign file is not changed by looking at it. */
const inspectFile = ({ path, busyTimeoutMs }: StoreOptions): string | undefined => {
  const db = new DatabaseSync(path, {
    readOnly: true,
    timeout: busyTimeoutMs ?? BUSY_TIMEOUT_MS,
  });
  try {
    const verdict = readOne(db, 'PRAGMA quick_check(1)');
    if (verdict !== 'ok') return `it is corrupt (${String(verdict).replaceAll(/\s+/g, ' ')})`;
    const empty = readOne(db, 'SELECT count(*) FROM sqlite_schema') === 0;
    if (empty || readOne(db, 'PRAGMA application_id') === APPLICATION_ID) return undefined;
    return 'it is the database of another program';
  } finally {
    db.close();
  }
};

const checkFile = (options: StoreOptions): void => {
  let reason: string | undefined;
  try {
    reason = inspectFile(options);
  } catch (error) {
    refuseAfter(options.path, error);
  }
  if (reason !== undefined) refuse(options.path, reason);
};

/** 0700 for a folder that we make; one that exists is its owner's to protect. */
const prepareFile = (path: string): void => {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    const stats = statSync(path);
    // SQLite would say that the disk fails.
    if (stats.isDirectory()) throw new Error('it is a folder');
    if ((stats.mode & 0o777) !== 0o600) chmodSync(path, 0o600);
  } catch (error) {
    refuseAfter(path, error);
  }
};

const setDurable = (db: DatabaseSync, path: string): void => {
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  const mode = readOne(db, 'PRAGMA journal_mode');
  const synchronous = readOne(db, 'PRAGMA synchronous');
  const isDurable = mode === (path === IN_MEMORY ? 'memory' : 'wal') && synchronous === 2;
  if (!isDurable) {
    refuse(path, `SQLite answered journal_mode=${String(mode)} synchronous=${String(synchronous)}`);
  }
};

const setUp = (db: DatabaseSync, options: StoreOptions): void => {
  db.exec('BEGIN IMMEDIATE');
  db.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
  db.exec(options.schema);
  const isNew = db.prepare("SELECT 1 FROM meta WHERE name = 'incarnation'").get() === undefined;
  if (isNew) {
    db.prepare("INSERT INTO meta VALUES ('incarnation', ?)").run(randomUUID());
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    options.seed?.(db);
  }
  db.exec('COMMIT');
};

const createTransact = (
  db: DatabaseSync,
  onBroken: (error: unknown) => void,
): Store['transact'] => {
  let isBroken = false;
  const fail = (error: unknown): never => {
    if (isStoreBroken(error) && !isBroken) {
      isBroken = true;
      onBroken(error);
    }
    throw error;
  };
  return (work) => {
    if (isBroken) throw new Error('The store failed before; nothing is written to it any more');
    try {
      db.exec('BEGIN IMMEDIATE');
      const result = work(db);
      // Its writes would come after the commit, outside the transaction.
      if (result instanceof Promise) throw new Error('A transaction must be synchronous');
      db.exec('COMMIT');
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      return fail(error);
    }
  };
};

const open = (options: StoreOptions): DatabaseSync => {
  const db = new DatabaseSync(options.path, { timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS });
  try {
    setDurable(db, options.path);
    setUp(db, options);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof StartupProblem) throw error;
    return refuseAfter(options.path, error);
  }
};

export const openStore = (options: StoreOptions): Store => {
  const version = String(process.versions.sqlite);
  if (!isSupportedSqlite(version)) {
    throw new StartupProblem([
      `SQLite ${version} is too old: ${SQLITE_MIN.join('.')} or newer is needed, as in Node 24.15.`,
    ]);
  }
  if (options.path !== IN_MEMORY) {
    prepareFile(options.path);
    checkFile(options);
  }
  const db = open(options);
  return {
    db,
    path: options.path,
    incarnation: String(readOne(db, "SELECT value FROM meta WHERE name = 'incarnation'")),
    transact: createTransact(db, options.onBroken ?? (() => {})),
    close: () => {
      if (db.isOpen) db.close();
    },
  };
};
