// What a restart says of a run before anything else happens to it. Pure.
//
// 1. The end of what was under way was not seen, so its effect may exist.
// 2. A run that is parked, or under repair, was not called, or it would have said so: nothing was interrupted.
// 3. A run that is under suspicion and was not called says nothing new: endless restarts write no endless history.
import { findOwed, findUnfinished } from './decide.ts';
import { isSuspect } from './driver.ts';
import type { Happening } from './event.ts';
import { isSettled } from './journal.ts';
import type { Saga } from './saga.ts';
import { type RunState, readWay } from './state.ts';

export function toInterruption(
  saga: Saga<unknown>,
  state: RunState,
  now: number,
): Happening | undefined {
  if (state.isQuarantined) return undefined;
  const isAnnounced = isSettled(state) || isSuspect(state) || isParked(saga, state);
  if (state.started === null && isAnnounced) return undefined;
  const way = findUnfinished(saga, state)?.name;
  if (way === undefined) return { type: 'recovered' };
  const { attempts, retryAt } = readWay(state, way);
  const tried = { way, attempt: attempts + 1, startedAt: now, retryAt: Math.max(now, retryAt) };
  return { type: 'step-unknown', ...tried, code: 'interrupted', interrupted: true };
}

/** In whatever comes next. */
function isParked(saga: Saga<unknown>, state: RunState): boolean {
  const way = findUnfinished(saga, state);
  const awaited = way
    ? [readWay(state, way.name)]
    : findOwed(saga, state).map(({ name }) => readWay(state, name).undo);
  return awaited.length > 0 && awaited.every((tried) => tried.isParked);
}
