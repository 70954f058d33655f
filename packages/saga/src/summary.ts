// What the journal keeps of a run beside its events, so that lists need not read them.
import { decide } from './decide.ts';
import { type Summary, toStatus } from './journal.ts';
import type { Saga } from './saga.ts';
import { type RunState, readWay } from './state.ts';

/** Not due before the end of time as JavaScript counts it, but not ended either: it is neither fetched nor pruned. */
export const neverMs = 8.64e15;

export const toSummary = (saga: Saga<unknown>, state: RunState, now: number): Summary => ({
  saga: state.saga,
  version: state.version,
  status: toStatus(state),
  acceptedAt: state.acceptedAt,
  settledAt: state.settledAt,
  repairAt: state.phase === 'completed' ? toRepairAt(saga, state, now) : null,
});

/** One that is due and not called, such as a parked one, keeps its place among the others. */
function toRepairAt(saga: Saga<unknown>, state: RunState, now: number): number | null {
  if (state.isQuarantined) return neverMs;
  const next = decide(saga, state, now);
  if (next.type === 'rest') return null;
  // Before all others: should the process end now, its end was not seen.
  if (state.started !== null) return 0;
  if (next.type !== 'perform') return next.type === 'wait' ? next.until : now;
  const { retryAt } = readWay(state, next.way.name);
  return Math.min(now, Math.max(state.settledAt ?? 0, retryAt));
}
