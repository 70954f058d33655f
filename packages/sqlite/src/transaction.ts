import type { DatabaseSync } from 'node:sqlite';

/** Runs `work` under the write lock: all that it writes is committed, or none of it where anything throws. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = work();
    // Its writes would come after the commit, outside the transaction.
    if (result instanceof Promise) throw new Error('A transaction must be synchronous');
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A rollback that fails too is the worse news, and is thrown instead. An open one would keep every other writer waiting.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
