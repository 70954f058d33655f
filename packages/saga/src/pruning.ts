import type { Journal } from './journal.ts';
import { type RunState, replay } from './state.ts';

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
  const ids = journal.listPrunable(settledBefore, batchMax);
  if (ids.length === 0) return;
  const toState = (id: string): RunState => replay(journal.read(id)?.events ?? []);
  const carried = ids.reduce((sum, id) => carry(sum, toState(id), id), journal.readCarried());
  journal.prune(ids, carried);
}
