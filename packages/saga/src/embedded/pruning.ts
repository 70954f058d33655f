import { tryReplay } from '../core/history.ts';
import type { Clock } from '../run/clock.ts';
import type { EngineOptions } from './engine.ts';

/** The event loop must be free in between. */
const batchMax = 100;

/**
 * Forgets some of the runs that ended long ago; those with an open repair have not ended. What is carried of them is
 * stored in the transaction that removes them, so that totals agree with the participants' books. True when more may be
 * due.
 */
export function pruneSome(
  { journal, keepMs, carry = (carried) => carried ?? null }: EngineOptions,
  clock: Clock,
): boolean {
  if (keepMs === undefined) return false;
  const due = journal.listPrunable(clock.now() - keepMs, batchMax);
  const gone: string[] = [];
  let carried = journal.readCarried();
  for (const id of due) {
    const state = tryReplay(journal.read(id)?.events ?? []);
    // A run whose events make no sense stays, for whoever looks into it, and keeps no other from going.
    if (!state) continue;
    carried = carry(carried, state, id);
    gone.push(id);
  }
  if (gone.length > 0) journal.prune(gone, carried);
  return gone.length > 0 && due.length === batchMax;
}
