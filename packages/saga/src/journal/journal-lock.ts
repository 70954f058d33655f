/** One process may write a journal; others may wait to take over. */
import { dirname, join } from 'node:path';
import { FileError, isLockedElsewhere, isLost, releaseLock, tryLock } from '@baton/sqlite';

export interface LockOptions {
  /** Wait for the lock, as a hot standby, instead of refusing when another process holds it. */
  readonly standby?: boolean;
  readonly pollMs?: number;
  /** Ends the wait of a standby. */
  readonly signal?: AbortSignal;
  /** Called each time that a standby looks and finds the lock held. */
  readonly onHeld?: () => void;
}

export interface JournalLock {
  /** True while another process waits for it. */
  isWanted(): boolean;
  release(): void;
}

/** Locks stand beside the journal. The first in line holds one too, so that the holder of the other sees it wait. */
export async function takeLock(path: string, options: LockOptions): Promise<JournalLock> {
  const held = join(dirname(path), 'journal.lock');
  const wanted = join(dirname(path), 'standby.lock');
  if (options.standby) await standBy(held, wanted, options);
  else if (!tryLock(held))
    throw new FileError(
      'held',
      `The journal ${path} is in use by another process: stop that one, or start this one with STANDBY=true to wait for it.`,
    );
  return { isWanted: () => isLockedElsewhere(wanted), release: () => releaseLock(held) };
}

/** Within `pollMs` of the holder's end the lock is ours. */
async function standBy(held: string, wanted: string, options: LockOptions): Promise<void> {
  try {
    while (!tryLock(held)) {
      options.onHeld?.();
      options.signal?.throwIfAborted();
      if (isLost(wanted)) releaseLock(wanted);
      tryLock(wanted);
      await new Promise((ring) => setTimeout(ring, options.pollMs ?? 100));
    }
  } finally {
    releaseLock(wanted);
  }
}
