/**
 * A service's own SQLite file: its business tables and its fence, in one file so that one
 * transaction holds both. It is not shared between services. How a file is opened: @baton/sqlite.
 *
 * 1. A file that cannot be used is a StartupProblem, which says whether it may pass.
 * 2. Fail-stop: after an I/O error no transaction begins on this handle again. A full disk is no such error.
 */
import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  FileCare,
  FileError,
  isBroken,
  isFull,
  openFile,
  readText,
  runPart,
  transact,
} from '@baton/sqlite';
import { GroupCommit } from './group-commit.ts';
import type { Memory } from './memory.ts';
import { StartupProblem } from './startup-problem.ts';

/** The id spells BATN. */
const ours = { noun: 'data file', applicationId: 0x4241544e };
const usualBusyTimeoutMs = 2_000;
/** With less free space, a disk that was full counts as full until a write succeeds. */
const roomBytes = 2 ** 20;

export interface StoreOptions {
  /** A file, or `:memory:` for a test that needs no durability. */
  readonly path: string;
  /** The service's tables, in SQL: each text makes a file one version newer. Append only; old files may have the first text's tables already. */
  readonly migrations: readonly string[];
  /** Fills a new file; never run on an existing one. */
  readonly seed?: (db: DatabaseSync) => void;
  /** Called once when the file can no longer be trusted, or was removed or replaced: end the process and start again. */
  readonly onBroken?: (error: unknown) => void;
  readonly busyTimeoutMs?: number;
}

export interface Store extends Memory {
  readonly db: DatabaseSync;
  readonly path: string;
  readonly transact: <T>(work: (db: DatabaseSync) => T) => Promise<T>;
  readonly close: () => void;
}

function createTransact(
  db: DatabaseSync,
  { path, onBroken }: StoreOptions,
): Pick<Store, 'transact' | 'runPart' | 'hasRoom' | 'close'> {
  let hasFailed = false;
  let isDiskFull = false;
  const fail = (error: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    care.stop();
    onBroken?.(error);
  };
  const care = new FileCare(db, { ...ours, path }, fail);
  const group = new GroupCommit(db, (work) => {
    if (hasFailed) throw new Error('The store failed before; nothing is written to it any more');
    try {
      const result = transact(db, work);
      isDiskFull = false;
      care.wipeSoon();
      return result;
    } catch (error) {
      isDiskFull = isFull(error) || isDiskFull;
      if (isBroken(error)) fail(error);
      throw error;
    }
  });
  return {
    transact: (work) => group.add(() => work(db)),
    runPart: (work, isKept) => runPart(db, work, isKept),
    hasRoom: () => !isDiskFull || isRoomy(path),
    close: () => {
      group.flush();
      care.stop();
      if (db.isOpen) db.close();
    },
  };
}

/** Asks the system, since a small write may fit where an effect does not. */
function isRoomy(path: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize >= roomBytes;
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

/** More texts than this are no fixed set. */
const statementsMax = 100;

/** Handlers use the same few texts at each request: each is compiled once. */
function keepStatements(db: DatabaseSync): void {
  const kept = new Map<string, StatementSync>();
  const prepare = db.prepare.bind(db);
  db.prepare = (sql) => {
    const known = kept.get(sql);
    if (known) return known;
    if (kept.size >= statementsMax) kept.clear();
    const statement = prepare(sql);
    kept.set(sql, statement);
    return statement;
  };
}

export function openStore(options: StoreOptions): Store {
  const db = open(options);
  keepStatements(db);
  const row = db.prepare("SELECT value FROM meta WHERE name = 'incarnation'").get();
  return {
    db,
    path: options.path,
    incarnation: readText(row, 'value'),
    ...createTransact(db, options),
  };
}
