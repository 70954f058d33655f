/**
 * A service's tables and its fence in the SQLite of a Durable Object: what store.ts is to a process.
 *
 * 1. The platform runs one such object for an id, in one thread: requests of all instances of the function are done
 *    there one after the other.
 * 2. The platform keeps an answer back until all earlier writes are stored, so nothing is visible that is not durable.
 */
import { randomUUID } from 'node:crypto';
import { readNumber, readText } from '@baton/sqlite';
import type { Memory, Row, Sql } from './memory.ts';

/** The part of the platform's types that is used here. */
export interface ObjectStorage {
  readonly sql: {
    readonly exec: (
      query: string,
      ...bindings: readonly unknown[]
    ) => { readonly toArray: () => Row[] };
  };
  /** A throw rolls back this transaction, also inside another one. */
  readonly transactionSync: <T>(work: () => T) => T;
}

/** The part of node:sqlite that a service's statements use. */
function toDatabase({ sql }: ObjectStorage): Sql {
  return {
    exec: (query) => void sql.exec(query),
    prepare: (query) => ({
      get: (...bindings) => sql.exec(query, ...bindings).toArray()[0],
      all: (...bindings) => sql.exec(query, ...bindings).toArray(),
      run: (...bindings) => {
        sql.exec(query, ...bindings);
        return {
          // Read on demand, which must be before the next statement.
          get lastInsertRowid() {
            return readNumber(sql.exec('SELECT last_insert_rowid() AS id').toArray()[0], 'id');
          },
        };
      },
    }),
  };
}

/** Only a throw rolls back. */
function runPart<T>(storage: ObjectStorage, work: () => T, isKept: (result: T) => boolean): T {
  const notKept = new Error('What was written is not kept');
  let recall = work;
  try {
    storage.transactionSync(() => {
      const result = work();
      recall = () => result;
      if (!isKept(result)) throw notKept;
    });
  } catch (error) {
    if (error !== notKept) throw error;
  }
  return recall();
}

/** Each migration makes the tables one version newer. */
function migrate({ sql }: ObjectStorage, migrations: readonly string[]): string {
  sql.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
  sql.exec("INSERT OR IGNORE INTO meta VALUES ('incarnation', ?), ('version', '0')", randomUUID());
  const read = (name: string): string =>
    readText(sql.exec('SELECT value FROM meta WHERE name = ?', name).toArray()[0], 'value');
  const version = Number(read('version'));
  if (version > migrations.length)
    throw new Error(`The object's tables are of a newer version (${version}): use that program`);
  for (const migration of migrations.slice(version)) sql.exec(migration);
  sql.exec("UPDATE meta SET value = ? WHERE name = 'version'", String(migrations.length));
  return read('incarnation');
}

export function openObjectStore(storage: ObjectStorage, migrations: readonly string[]): Memory {
  const db = toDatabase(storage);
  return {
    db,
    incarnation: storage.transactionSync(() => migrate(storage, migrations)),
    transact: async (work) => storage.transactionSync(work),
    runPart: (work, isKept) => runPart(storage, work, isKept),
    hasRoom: () => true,
  };
}
