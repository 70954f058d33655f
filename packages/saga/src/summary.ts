// What the journal keeps of a run beside its events, so that lists need not read them.
import { decide } from './decide.ts';
import { type Summary, toStatus } from './journal.ts';
import type { Saga } from './saga.ts';
import type { RunState } from './state.ts';

/** Not due before the end of time as JavaScript counts it, but not ended either: it is neither fetched nor pruned. */
const neverMs = 8.64e15;

export function toSummary(saga: Saga<unknown>, state: RunState, now: number): Summary {
  const shared = {
    saga: state.saga,
    version: state.version,
    status: toStatus(state),
    acceptedAt: state.acceptedAt,
    settledAt: state.settledAt,
  };
  if (state.phase !== 'completed') return { ...shared, repairAt: null };
  if (state.isQuarantined) return { ...shared, repairAt: neverMs };
  const next = decide(saga, state, now);
  if (next.type === 'rest') return { ...shared, repairAt: null };
  return { ...shared, repairAt: next.type === 'wait' ? next.until : now };
}
