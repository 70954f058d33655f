import type { Journal } from './journal.ts';
import { type RunState, tryReplay } from './state.ts';

/** Few at a time, so that pruning never holds the event loop for long. */
const batchMax = 100;

/**
 * Removes runs that ended long ago, and adds them to what is carried in the same transaction, so that totals still
 * agree with the participants' books. Runs with an open repair have not ended. Times are milliseconds since the epoch.
 */
export function pruneEnded(
  journal: Journal,
  settledBefore: number,
  carry: (carried: unknown, state: RunState, id: string) => unknown,
): void {
  const found = journal.listPrunable(settledBefore, batchMax).flatMap((id) => {
    // One whose events make no sense stays, for whoever looks into it, and keeps no other from going.
    const state = tryReplay(journal.read(id)?.events ?? []);
    return state ? [{ id, state }] : [];
  });
  if (found.length === 0) return;
  const carried = found.reduce(
    (sum, { id, state }) => carry(sum, state, id),
    journal.readCarried(),
  );
  journal.prune(
    found.map(({ id }) => id),
    carried,
  );
}
