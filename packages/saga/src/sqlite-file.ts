import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { JournalError } from './journal.ts';

/** Marks a file as a Baton journal, so that another program's database is never written to. */
const applicationId = 0x42544e31;

/** Older ones can lose a commit when a checkpoint races with a reset of the write-ahead log. */
const sqliteOldest = [3, 51, 3] as const;

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, saga TEXT NOT NULL, version INTEGER NOT NULL,
    status TEXT NOT NULL, accepted_at INTEGER NOT NULL, settled_at INTEGER, repair_at INTEGER
  ) STRICT;
  CREATE INDEX runs_open ON runs (number) WHERE settled_at IS NULL;
  CREATE INDEX runs_repair ON runs (repair_at) WHERE repair_at IS NOT NULL;
  CREATE INDEX runs_settled ON runs (settled_at) WHERE settled_at IS NOT NULL;
  CREATE INDEX runs_status ON runs (status, number);
  CREATE TABLE events (position INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
  CREATE INDEX events_run ON events (run, seq);
  CREATE TABLE submissions (run TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pruned_as TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE secrets (run TEXT PRIMARY KEY, fields TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta (name, value) VALUES ('epoch', 0), ('pruned-to', 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = 1;
`;

/** Opens the journal's file, or makes it. A damaged or foreign file is refused before anything is written to it. */
export function openDatabase(path: string): DatabaseSync {
  refuseOldSqlite();
  const isNew = !existsSync(path);
  if (!isNew) inspect(path);
  const database = open(path, isNew);
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 67108864',
    );
    if (readNumber(database.prepare('PRAGMA user_version').get(), 'user_version') === 0)
      database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    checkDurability(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Counts this executor in: every later append checks that no other was counted after it. */
export const takeEpoch = (database: DatabaseSync): number =>
  readNumber(
    database
      .prepare("UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value")
      .get(),
    'value',
  );

function open(path: string, isNew: boolean): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (isNew) closeSync(openSync(path, 'a', 0o600));
    else chmodSync(path, 0o600);
    return new DatabaseSync(path, { timeout: 5_000 });
  } catch (error) {
    throw new JournalError(
      'unreadable',
      `${path} cannot be opened (${toReason(error)}); check that this user may write to its folder`,
    );
  }
}

/** Read-only, so that a file which is not ours, or is damaged, stays as it is for whoever has to mend it. */
function inspect(path: string): void {
  let isForeign: boolean;
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    const application = readNumber(
      database.prepare('PRAGMA application_id').get(),
      'application_id',
    );
    const tables = readNumber(
      database.prepare('SELECT count(*) AS count FROM sqlite_schema').get(),
      'count',
    );
    isForeign = application !== applicationId && tables > 0;
    const verdict = readText(database.prepare('PRAGMA quick_check(1)').get(), 'quick_check');
    database.close();
    if (verdict !== 'ok') throw new Error(verdict);
  } catch (error) {
    if (isPermissionError(error))
      throw new JournalError(
        'unreadable',
        `${path} cannot be read (${toReason(error)}); check that this user may read and write it`,
      );
    throw new JournalError(
      'corrupt',
      `${path} is damaged (${toReason(error)}); nothing was changed. Restore it from a backup, or move it away to start with an empty one`,
    );
  }
  if (isForeign)
    throw new JournalError('foreign', `${path} is another program's database; name another file`);
}

function checkDurability(database: DatabaseSync, path: string): void {
  const mode = readText(database.prepare('PRAGMA journal_mode').get(), 'journal_mode');
  const level = readNumber(database.prepare('PRAGMA synchronous').get(), 'synchronous');
  if (mode !== 'wal' || level !== 2)
    throw new JournalError(
      'not-durable',
      `${path}: journal_mode is ${mode} and synchronous ${level}, wanted wal and 2; a local disk is needed`,
    );
}

function refuseOldSqlite(): void {
  const memory = new DatabaseSync(':memory:');
  const version = readText(memory.prepare('SELECT sqlite_version() AS version').get(), 'version');
  memory.close();
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const [oldMajor, oldMinor, oldPatch] = sqliteOldest;
  const difference = major - oldMajor || minor - oldMinor || patch - oldPatch;
  if (difference < 0)
    throw new JournalError(
      'old-sqlite',
      `SQLite ${version} can lose commits; use a Node that carries ${sqliteOldest.join('.')} or newer`,
    );
}

const toReason = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
const isPermissionError = (error: unknown): boolean =>
  /EACCES|EPERM|unable to open|permission/i.test(toReason(error));

/** The named boundary for cells whose column type the schema fixes. */
export const readCell = <T>(row: Record<string, unknown> | undefined, name: string): T =>
  row?.[name] as T;

export function readText(row: Record<string, unknown> | undefined, name: string): string {
  const value = row?.[name];
  if (typeof value !== 'string') throw new Error(`the journal's column ${name} holds no text`);
  return value;
}

export function readNumber(row: Record<string, unknown> | undefined, name: string): number {
  const value = row?.[name];
  if (typeof value !== 'number') throw new Error(`the journal's column ${name} holds no number`);
  return value;
}
