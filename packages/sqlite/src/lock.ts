/**
 * A lock among processes: an exclusive transaction held on a database file that nothing else opens. Not a lease, and no queue.
 *
 * 1. The operating system lets go when the process ends, however it ends. There is no lease and no clock.
 * 2. Closing any descriptor of the file, in the holder, would drop the lock. So only this file opens it, through SQLite.
 * 3. The handle is kept for life: a collected handle would let go.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openOwn } from './durable-file.ts';
import { isBusy } from './failure.ts';
import { FileError, toFileError } from './file-error.ts';

/** Held for the life of the process, so that no collector closes one. */
const held = new Map<string, DatabaseSync>();

/** Takes the lock at once or not at all. */
export function tryLock(path: string): boolean {
  if (held.has(path)) return false;
  const place = { path, noun: 'lock' };
  const candidate = openOwn(place, 0);
  try {
    candidate.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    candidate.close();
    if (isBusy(error)) return false;
    throw toFileError(place, error);
  }
  held.set(path, candidate);
  return true;
}

export function releaseLock(path: string): void {
  held.get(path)?.close();
  held.delete(path);
}

/** True when another process holds it. Never asked of a lock that this process holds. */
export function isLockedElsewhere(path: string): boolean {
  try {
    if (!tryLock(path)) return !held.has(path);
  } catch (error) {
    // Nobody holds it, or the disk would not have been asked for anything.
    if (error instanceof FileError && error.code === 'disk-failing') return false;
    throw error;
  }
  releaseLock(path);
  return false;
}
