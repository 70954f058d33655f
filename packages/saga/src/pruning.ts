import { type Clock, repeat } from './clock.ts';
import type { Journal } from './journal.ts';
import { type RunState, replay } from './state.ts';

interface PruningOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Undefined: nothing is ever pruned. */
  readonly keepMs: number | undefined;
  readonly carry: (carried: unknown, state: RunState) => unknown;
}

/** Few at a time, so that pruning never holds the event loop for long. */
const batchMax = 100;
const everyMs = 1_000;

/**
 * Removes runs that ended long ago, and adds them to what is carried in the same transaction, so that totals still
 * agree with the participants' books. Runs with an open repair have not ended. Returns how to stop.
 */
export function startPruning({ journal, clock, keepMs, carry }: PruningOptions): () => void {
  if (keepMs === undefined) return () => {};
  return repeat(clock, everyMs, () => {
    const ids = journal.listPrunable(clock.now() - keepMs, batchMax);
    if (ids.length === 0) return;
    const states = ids.map((id) => replay(journal.read(id)?.events ?? []));
    journal.prune(ids, states.reduce(carry, journal.readCarried()));
  });
}
