/**
 * A service's own SQLite file: its business tables and its fence, in one file so that one
 * transaction holds both. It is not shared between services. How a file is opened: @baton/sqlite.
 *
 * 1. What keeps the file from being used is a StartupProblem, which says whether it may pass.
 * 2. Fail-stop: after an I/O error no transaction begins on this handle again.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { FileError, isBroken, openFile, readText, transact, watchPlaces } from '@baton/sqlite';
import { StartupProblem } from './startup-problem.ts';

/** The id spells BATN. */
const ours = { noun: 'data file', applicationId: 0x4241544e };
const usualBusyTimeoutMs = 2_000;

export interface StoreOptions {
  /** A file, or `:memory:` for a test that needs no durability. */
  readonly path: string;
  /** The service's tables, in SQL: each makes a file one version newer. Append only; files of old may have what the first one makes. */
  readonly migrations: readonly string[];
  /** Fills a new file; never run on an existing one. */
  readonly seed?: (db: DatabaseSync) => void;
  /** Called once when the file can no longer be trusted, or its name leads to it no more: end the process and start again. */
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

function createTransact(
  db: DatabaseSync,
  { path, onBroken }: StoreOptions,
): Pick<Store, 'transact' | 'close'> {
  let hasFailed = false;
  const fail = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    stopWatching();
    onBroken?.(error);
  };
  const stopWatching = watchPlaces({ ...ours, path }, fail);
  return {
    transact: (work) => {
      if (hasFailed) throw new Error('The store failed before; nothing is written to it any more');
      try {
        return transact(db, () => work(db));
      } catch (error) {
        if (isBroken(error)) fail(error);
        throw error;
      }
    },
    close: () => {
      stopWatching();
      if (db.isOpen) db.close();
    },
  };
}

function open({ path, migrations, seed, busyTimeoutMs }: StoreOptions): DatabaseSync {
  const fill = (db: DatabaseSync): void => {
    db.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
    db.prepare("INSERT INTO meta VALUES ('incarnation', ?)").run(randomUUID());
    seed?.(db);
  };
  const busyMs = busyTimeoutMs ?? usualBusyTimeoutMs;
  try {
    return openFile({ ...ours, path, migrations, fill, busyMs });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new StartupProblem([error.message], { passing: error.isPassing });
  }
}

export function openStore(options: StoreOptions): Store {
  const db = open(options);
  const row = db.prepare("SELECT value FROM meta WHERE name = 'incarnation'").get();
  return {
    db,
    path: options.path,
    incarnation: readText(row, 'value'),
    ...createTransact(db, options),
  };
}
