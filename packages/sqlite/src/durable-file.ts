/**
 * A SQLite file that must survive a crash. Not a schema and not a lock: its owner brings the tables, and admits writers.
 *
 * 1. Durable: WAL and synchronous=FULL, both read back, on a SQLite that loses no commit.
 * 2. A file that is damaged, foreign or newer is refused before anything is written to it. A large file's pages are read
 *    later: a start must not take longer the more is stored.
 * 3. A file is as new as its program, or as it was: all missing migrations are one transaction.
 * 4. Readable for its owner alone. Erased fields are overwritten.
 */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { readNumber, readText } from './cell.ts';
import { toMark, wholeBytesMax } from './damage-watch.ts';
import { toReason } from './failure.ts';
import {
  FileError,
  inMemory,
  type Place,
  toCorrupt,
  toFileError,
  toPassing,
} from './file-error.ts';
import { identify, opened } from './place.ts';
import { transact } from './transaction.ts';

/** Not imported: on an old Node, an import would fail before the program could say what is missing. */
const sqlite = process.getBuiltinModule('node:sqlite');

/** Older ones can lose a commit when a checkpoint races with a reset of the write-ahead log. */
const sqliteOldest = [3, 51, 3] as const;

export interface DurableFile extends Place {
  /** Marks the file as its program's, so that no other database is written to. */
  readonly applicationId: number;
  /** In SQL: each makes a file one version newer, the first one an empty file. Append only. The version is in `user_version`. */
  readonly migrations: readonly string[];
  /** Fills a new file, in the transaction that makes it. */
  readonly fill?: (database: DatabaseSync) => void;
  /** How long a statement waits for other writers. */
  readonly busyMs: number;
}

/** Opens a file, or makes it, and brings it up to date. Throws a FileError. */
export function openFile(file: DurableFile): DatabaseSync {
  refuseOldSqlite();
  if (file.path !== inMemory && existsSync(file.path)) inspect(file);
  const database = openOwn(file, file.busyMs);
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 4194304',
    );
    checkDurability(database, file);
    migrate(database, file);
    return database;
  } catch (error) {
    database.close();
    throw toFileError(file, error);
  }
}

/** Opens a file that is there, to look at: its own process may go on writing. An older version is read as it is. */
export function openForReading(file: DurableFile): DatabaseSync {
  inspect(file);
  return new sqlite.DatabaseSync(file.path, { readOnly: true, timeout: file.busyMs });
}

export function readVersion(database: DatabaseSync): number {
  return readPragma(database, 'user_version');
}

/** Opens a database as it is, made for this user alone if it is not there. */
export function openOwn(place: Place, busyMs: number): DatabaseSync {
  const { path } = place;
  try {
    if (path !== inMemory) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Only where it is missing: closing a descriptor of a file drops this process's locks on it.
      if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
      chmodSync(path, 0o600);
    }
    const database = new sqlite.DatabaseSync(path, { timeout: busyMs });
    // Here, since migrations may take long: what is removed meanwhile must be noticed, too.
    opened.set(path, identify(path));
    return database;
  } catch (error) {
    throw toFileError(place, error);
  }
}

export function isSupported(version: string): boolean {
  const parts = version.split('.').map(Number);
  const differences = sqliteOldest.map((oldest, index) => (parts[index] ?? 0) - oldest);
  return (differences.find((difference) => difference !== 0) ?? 0) >= 0;
}

function refuseOldSqlite(): void {
  const memory = new sqlite.DatabaseSync(inMemory);
  const version = readText(memory.prepare('SELECT sqlite_version() AS version').get(), 'version');
  memory.close();
  if (isSupported(version)) return;
  throw new FileError(
    'old-sqlite',
    `SQLite ${version} can lose commits: use a Node that carries ${sqliteOldest.join('.')} or newer, as 24.15 does.`,
  );
}

/** Read-only, so that a file which is not ours, or is damaged, stays as it is until somebody mends it. */
function inspect(file: DurableFile): void {
  const { path, noun, applicationId, migrations } = file;
  const { application, version, tables, verdict } = look(file);
  if (verdict !== 'ok') throw toCorrupt(file, String(verdict));
  rmSync(toMark(path), { force: true });
  if (application !== applicationId && tables !== 0)
    throw new FileError('foreign', `${path} is another program's database: name another file.`);
  if (Number(version) > migrations.length)
    throw new FileError(
      'newer',
      `The ${noun} ${path} was written by a newer version of this program (${version}; ${migrations.length} is the newest known here): use that one.`,
    );
}

function look(file: DurableFile): Record<string, unknown> {
  let database: DatabaseSync | undefined;
  try {
    const stats = statSync(file.path);
    // SQLite would say that the disk fails.
    if (stats.isDirectory()) throw new Error('it is a folder');
    const isTrusted = stats.size > wholeBytesMax && !existsSync(toMark(file.path));
    const checked = isTrusted ? 'sqlite_schema' : null;
    database = new sqlite.DatabaseSync(file.path, { readOnly: true, timeout: file.busyMs });
    return database.prepare(inspection).get(checked) ?? {};
  } catch (error) {
    throw toFileError(file, error);
  } finally {
    database?.close();
  }
}

const inspection = `SELECT
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version,
  (SELECT count(*) FROM sqlite_schema) AS tables,
  (SELECT quick_check FROM pragma_quick_check(?) LIMIT 1) AS verdict`;

function checkDurability(database: DatabaseSync, { path, noun }: Place): void {
  const mode = readText(database.prepare('PRAGMA journal_mode').get(), 'journal_mode');
  const level = readPragma(database, 'synchronous');
  if ((mode === 'wal' || path === inMemory) && level === 2) return;
  throw new FileError(
    'not-durable',
    `The ${noun} ${path} would not be durable: journal_mode is ${mode} and synchronous ${level}, wanted wal and 2. It needs a local disk.`,
  );
}

/** Under the write lock from the start: of two processes that make a file, the second finds it made. */
function migrate(database: DatabaseSync, file: DurableFile): void {
  const { applicationId, migrations } = file;
  let version = 0;
  try {
    transact(database, () => {
      version = readVersion(database);
      const isNew = readPragma(database, 'application_id') !== applicationId;
      if (!isNew && version === migrations.length) return;
      for (const migration of migrations.slice(version)) database.exec(migration);
      if (isNew) file.fill?.(database);
      database.exec(
        `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`,
      );
    });
  } catch (error) {
    throw (
      toPassing(file, error) ??
      new FileError(
        'not-migrated',
        `The ${file.noun} ${file.path} could not be brought from version ${version} to ${migrations.length} (${toReason(error)}). It was left as it is: go on with the program that wrote it.`,
      )
    );
  }
}

function readPragma(database: DatabaseSync, name: string): number {
  return readNumber(database.prepare(`PRAGMA ${name}`).get(), name);
}
