import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { JournalError } from './journal.ts';

/** Marks a file as a Baton journal, so that another program's database is never written to. */
const applicationId = 0x42544e31;

/** Older ones can lose a commit when a checkpoint races with a reset of the write-ahead log. */
const sqliteOldest = [3, 51, 3] as const;

/** Version 1 had no notices. */
/** Version 2 had runs that were all in memory, and but the repairs of completed ones by when they are due. */
const schemaVersion = 3;
const noticesSchema =
  'CREATE TABLE notices (position INTEGER PRIMARY KEY AUTOINCREMENT, notice TEXT NOT NULL) STRICT;';

const rowsSchema = `
  CREATE INDEX runs_due ON runs (priority, due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX runs_owing ON runs (number) WHERE settled_at IS NOT NULL AND due_at IS NOT NULL;
  CREATE TABLE waits (participant TEXT NOT NULL, kind TEXT NOT NULL, rank INTEGER NOT NULL, since INTEGER NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (participant, kind, rank, since, run)) STRICT, WITHOUT ROWID;
  CREATE INDEX waits_run ON waits (run);`;

/** Everything that goes on is due at once: what it waits for is found out anew. */
const migration3 = `
  DROP INDEX runs_repair;
  ALTER TABLE runs ADD COLUMN due_at INTEGER;
  ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 2;
  UPDATE runs SET due_at = iif(settled_at IS NULL OR repair_at IS NOT NULL, 0, NULL),
    priority = CASE status WHEN 'accepted' THEN 2 WHEN 'running' THEN 1 WHEN 'completed' THEN 3 ELSE 0 END;
  ALTER TABLE runs DROP COLUMN repair_at;
  ${rowsSchema}`;

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, saga TEXT NOT NULL, version INTEGER NOT NULL,
    status TEXT NOT NULL, accepted_at INTEGER NOT NULL, settled_at INTEGER, due_at INTEGER, priority INTEGER NOT NULL DEFAULT 2
  ) STRICT;
  CREATE INDEX runs_open ON runs (number) WHERE settled_at IS NULL;
  ${rowsSchema}
  CREATE INDEX runs_settled ON runs (settled_at) WHERE settled_at IS NOT NULL;
  CREATE INDEX runs_status ON runs (status, number);
  CREATE TABLE events (position INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
  CREATE INDEX events_run ON events (run, seq);
  CREATE TABLE submissions (run TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pruned_as TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE secrets (run TEXT PRIMARY KEY, fields TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta (name, value) VALUES ('epoch', 0), ('pruned-to', 0);
  ${noticesSchema}
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
`;

/** Opens the journal's file, or makes it. A damaged or foreign file is refused before anything is written to it. */
export function openDatabase(path: string): DatabaseSync {
  refuseOldSqlite();
  if (existsSync(path)) inspect(path);
  const database = openFile(path, 5_000);
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 67108864',
    );
    const version = readVersion(database);
    if (version === 0) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    if (version === 1)
      database.exec(`BEGIN IMMEDIATE; ${noticesSchema} PRAGMA user_version = 2; COMMIT`);
    if (version === 1 || version === 2)
      database.exec(`BEGIN IMMEDIATE; ${migration3} PRAGMA user_version = 3; COMMIT`);
    checkDurability(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a journal that is there, to look at: its own process may go on writing. */
export function openForReading(path: string): DatabaseSync {
  inspect(path);
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  // What an older engine wrote is read as it is, with nothing where it had nothing.
  if (readVersion(database) < 2)
    database.exec(noticesSchema.replace('CREATE TABLE', 'CREATE TEMP TABLE'));
  return database;
}

const readVersion = (database: DatabaseSync): number =>
  readNumber(database.prepare('PRAGMA user_version').get(), 'user_version');

/** Counts this executor in: every later append checks that no other was counted after it. */
export const takeEpoch = (database: DatabaseSync): number =>
  readNumber(
    database
      .prepare("UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value")
      .get(),
    'value',
  );

/** Opens a database, made for this user alone if it is not there. `busyMs` is how long it waits for other writers. */
export function openFile(path: string, busyMs: number): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Only where it is missing: closing a descriptor of a file drops this process's locks on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
    return new DatabaseSync(path, { timeout: busyMs });
  } catch (error) {
    throw toUnreadable(path, error);
  }
}

export const toUnreadable = (path: string, error: unknown): JournalError =>
  toPassing(path, error) ??
  new JournalError(
    'unreadable',
    `${path} cannot be opened or locked (${toReason(error)}); check that this user may read and write it, and its folder`,
  );

/** What may be over later: the disk fails, or another program is at the file. Undefined for whatever else went wrong. */
export function toPassing(path: string, error: unknown): JournalError | undefined {
  if (isSqliteError(error, sqliteBusy))
    return new JournalError(
      'busy',
      `${path} is held by another program, such as a database shell or a backup; close that one, and start again. Nothing is damaged`,
    );
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!diskErrors.has(code) && !isSqliteError(error, ...sqliteDiskErrors)) return undefined;
  return new JournalError(
    'disk-failing',
    `the disk of ${dirname(path)} is full or fails (${toReason(error)}); make room there or mend it, and start again`,
  );
}

const diskErrors: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO']);
export const sqliteBusy = 5;
/** IOERR and FULL. */
const sqliteDiskErrors = [10, 13] as const;

/** Read-only, so that a file which is not ours, or is damaged, stays as it is for whoever has to mend it. */
function inspect(path: string): void {
  const { application, version, tables, verdict } = readVerdict(path);
  if (verdict !== 'ok')
    throw new JournalError(
      'corrupt',
      `${path} is damaged (${String(verdict).replaceAll(/\s+/g, ' ')}); nothing was changed. Restore it from a backup, or move it away to start with an empty one`,
    );
  if (application !== applicationId && tables !== 0)
    throw new JournalError('foreign', `${path} is another program's database; name another file`);
  if (Number(version) > schemaVersion)
    throw new JournalError('foreign', `${path} was written by a newer engine; use that one`);
}

function readVerdict(path: string): Record<string, unknown> {
  let database: DatabaseSync | undefined;
  try {
    // SQLite would say that the disk fails.
    if (statSync(path).isDirectory()) throw new Error('it is a folder');
    database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    return database.prepare(inspection).get() ?? {};
  } catch (error) {
    if (isSqliteError(error, ...sqliteDamaged)) return { verdict: toReason(error) };
    throw toUnreadable(path, error);
  } finally {
    database?.close();
  }
}

const inspection = `SELECT
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT count(*) FROM sqlite_schema) AS tables,
  (SELECT quick_check FROM pragma_quick_check LIMIT 1) AS verdict`;
/** CORRUPT and NOTADB. */
const sqliteDamaged = [11, 26] as const;

/** Extended codes carry the plain one in their lowest byte. */
export const isSqliteError = (error: unknown, ...codes: readonly number[]): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  codes.includes(error.errcode & 0xff);

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

export const toReason = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

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
