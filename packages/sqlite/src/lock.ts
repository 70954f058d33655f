/**
 * A lock among processes: an exclusive transaction held on a database file that nothing else opens. Not a lease, and no queue.
 *
 * 1. The operating system lets go of the lock when the process ends, however it ends.
 * 2. Closing any descriptor of the file, in the holder, would drop the lock. So only this file opens it, through SQLite.
 * 3. Removing the file does not free the lock: a process that saw the old file held refuses a new file of its name.
 * 4. The handle is kept for life: a collected handle would let go.
 */
import type { DatabaseSync } from 'node:sqlite';
import { openOwn } from './durable-file.ts';
import { isBusy } from './failure.ts';
import { type Place, toFileError } from './file-error.ts';
import { identify, opened, toRemoved } from './place.ts';

/** Held for the life of the process, so that no collector closes one. */
const held = new Map<string, DatabaseSync>();

/** Files that others were seen to hold; '' for a file that was gone by then. */
const heldElsewhere = new Map<string, string>();

const toPlace = (path: string): Place => ({ path, noun: 'lock' });

/** Locks that this process holds. */
export function heldLocks(): readonly Place[] {
  return [...held.keys()].map(toPlace);
}

/** Takes the lock at once or not at all. */
export function tryLock(path: string): boolean {
  if (held.has(path)) return false;
  const place = toPlace(path);
  // Before the file is opened: later, the name may lead to another one.
  const seen = identify(path);
  refuseOther(place);
  const candidate = openOwn(place, 0);
  try {
    candidate.exec('BEGIN EXCLUSIVE');
    // The file may have been removed since the look, and made anew by the opening.
    refuseOther(place);
  } catch (error) {
    candidate.close();
    if (!isBusy(error)) throw toFileError(place, error);
    heldElsewhere.set(path, seen ?? identify(path) ?? '');
    return false;
  }
  heldElsewhere.delete(path);
  held.set(path, candidate);
  return true;
}

/** Throws where another file stands in the place of a held one. */
function refuseOther(place: Place): void {
  const known = heldElsewhere.get(place.path);
  if (known === undefined || known === identify(place.path)) return;
  heldElsewhere.delete(place.path);
  throw toRemoved(place);
}

export function releaseLock(path: string): void {
  held.get(path)?.close();
  held.delete(path);
}

/** A lock that was taken, and whose file was removed or replaced since: nobody else sees it held. */
export const isLost = (path: string): boolean => opened.get(path) !== identify(path);

/** True when another process holds it. Never asked of a lock that this process holds. */
export function isLockedElsewhere(path: string): boolean {
  try {
    if (!tryLock(path)) return !held.has(path);
  } catch (error) {
    // The disk is used only where nobody holds the lock; and nobody holds a new file.
    const { code } = toFileError(toPlace(path), error);
    if (code !== 'disk-failing' && code !== 'removed') throw error;
  }
  releaseLock(path);
  return false;
}
