// One executor per journal: an exclusive transaction held on a database file that nothing else opens.
//
// 1. The operating system lets go when the process ends, however it ends. There is no lease and no clock.
// 2. Closing any descriptor of the file, in the holder, would drop the lock. So only this file opens it, once.
// 3. The handle is kept for life: a collected handle would let go.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Held for the life of the process, so that no collector closes one. */
const held = new Map<string, DatabaseSync>();
const sqliteBusy = 5;

/** Takes the lock at once or not at all. */
export function tryLock(path: string): boolean {
  if (held.has(path)) return false;
  const candidate = openLock(path);
  if (!begin(candidate)) {
    candidate.close();
    return false;
  }
  held.set(path, candidate);
  return true;
}

/** Polls until the lock is free: within `pollMs` of the holder's end it is ours. Rejects when `signal` aborts. */
export async function awaitLock(path: string, pollMs: number, signal?: AbortSignal): Promise<void> {
  while (!tryLock(path)) {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

export function releaseLock(path: string): void {
  held.get(path)?.close();
  held.delete(path);
}

/** True when another process holds it. Never asked of a lock that this process holds. */
export function isLockedElsewhere(path: string): boolean {
  if (!tryLock(path)) return !held.has(path);
  releaseLock(path);
  return false;
}

function openLock(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  return new DatabaseSync(path, { timeout: 0 });
}

function begin(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false;
    throw error;
  }
}
