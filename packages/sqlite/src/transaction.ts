import type { DatabaseSync } from 'node:sqlite';

/** Runs `work` under the write lock: all that it writes is committed, or none of it where anything throws. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  try {
    database.exec('BEGIN IMMEDIATE');
    const result = runSynchronously(work);
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A rollback that fails, too, is the worse news, and is thrown instead: an open transaction would keep every writer waiting.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Runs `work` as a part of a transaction: its writes alone are taken back where it throws, or where its result says so. */
export function runPart<T>(
  database: DatabaseSync,
  work: () => T,
  isKept: (result: T) => boolean = () => true,
): T {
  database.exec('SAVEPOINT part');
  try {
    const result = runSynchronously(work);
    if (!isKept(result)) database.exec('ROLLBACK TO part');
    database.exec('RELEASE part');
    return result;
  } catch (error) {
    // Some errors, as of a full disk, have taken back the whole transaction.
    if (database.isTransaction) database.exec('ROLLBACK TO part; RELEASE part');
    throw error;
  }
}

function runSynchronously<T>(work: () => T): T {
  const result = work();
  // Its writes would come after the commit, outside the transaction.
  if (result instanceof Promise) throw new Error('A transaction must be synchronous');
  return result;
}
