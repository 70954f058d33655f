/** Which call may have been under way when the process ended, where its journal does not say. Pure. */
import { type Direction, findOwed, findRepairs, type RunState, type Saga } from '@baton/saga';
import { toWaitKey, type Waits } from './waits.ts';

export interface InterruptedCall {
  readonly direction: Direction;
  /** Null where it may have been one of several. */
  readonly way: string | null;
}

interface Known {
  readonly state: RunState;
  readonly waits: Waits;
}

/** Undefined where nothing was due: then nothing was called. */
export function findInterrupted(
  saga: Saga<unknown> | undefined,
  { state, waits }: Known,
  endedAt: number,
): InterruptedCall | undefined {
  if (state.started) return state.started;
  const direction = state.phase === 'completed' ? 'forward' : 'undo';
  const due = saga && findAhead(saga, state).filter((way) => isDue(waits, direction, way, endedAt));
  if (due?.length === 0) return undefined;
  return { direction, way: due?.length === 1 ? (due[0] ?? null) : null };
}

/** A forward step would have been marked unknown: before the end there is but the undo that an alternate waits for. */
function findAhead(saga: Saga<unknown>, state: RunState): string[] {
  if (state.phase === 'completed') return findRepairs(saga, state).map(({ name }) => name);
  const owed = findOwed(saga, state).map(({ name }) => name);
  return state.phase === 'forward'
    ? owed.filter((way) => Object.hasOwn(state.alternates, way))
    : owed;
}

/** An undo that waits is due early when its participant is well again, and nothing says so; one that is parked would. */
function isDue(waits: Waits, direction: Direction, way: string, at: number): boolean {
  const wait = waits[toWaitKey(direction, way)];
  if (!wait) return true;
  return wait.to <= at || (direction === 'undo' && wait.reason !== 'breaker-open');
}
