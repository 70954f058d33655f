/**
 * Where a run rests while nobody moves it: in a row that is due at a time, or waits for a participant. Pure.
 *
 * 1. It follows from the run's events and its plan: a crash, a retry, a parked step and a repair are one thing.
 * 2. A run that waits for nothing and is not done is due at 0: before all runs with a time, the oldest first.
 */
import { decide, type Seen } from './decide.ts';
import type { Saga } from './saga.ts';
import { isParked, type RunState, readTried } from './state.ts';
import { isSettled } from './status.ts';

/** Which runs go first when more could go on than there are slots. */
export const priorities = ['undo', 'in-flight', 'new', 'repair'] as const;
export type Priority = (typeof priorities)[number];

export interface Wait {
  readonly participant: string;
  /** `parked`: for its breaker. `retry`: for its own time, or for the breaker to close. `permit`: in a line too long for memory. */
  readonly kind: 'parked' | 'retry' | 'permit';
  /** The smallest is served first. */
  readonly rank: number;
}
export interface Rest {
  /** In milliseconds since the epoch. Null: nothing is left to do. */
  readonly dueAt: number | null;
  /** `aside`: nothing moves it before its definition is known again. */
  readonly priority: Priority | 'aside';
  readonly waits: readonly Wait[];
}

/** The end of time as JavaScript counts it. */
export const endlessMs = 8.64e15;

export function toRest(saga: Saga<unknown>, state: RunState, now: number, seen: Seen): Rest {
  const priority = toPriority(state);
  const next = decide(saga, state, now, seen);
  if (next.type === 'rest') return { dueAt: state.restsUntil || null, priority, waits: [] };
  const aims = next.type === 'perform' ? next.aims : [];
  const isHeldUp = 'until' in next && aims.every((aim) => isParked(state, aim));
  if (!isHeldUp) return { dueAt: 0, priority, waits: [] };
  const parked = aims.map((aim): Wait => {
    const { failures, unsents } = readTried(state, aim);
    // A run whose own request may be to blame is the last choice for a probe.
    const rank = failures + unsents > 0 ? 1 : 0;
    return { participant: aim.way.participant, kind: 'parked', rank };
  });
  const patient = next.patient.map(
    (participant): Wait => ({ participant, kind: 'retry', rank: 0 }),
  );
  return { dueAt: Math.min(next.until, endlessMs), priority, waits: [...parked, ...patient] };
}

export function toPriority(state: RunState): Priority {
  if (state.phase === 'compensating') return 'undo';
  if (isSettled(state)) return 'repair';
  return state.seq === 1 ? 'new' : 'in-flight';
}
