// What a restart says of a run before anything else happens to it. Pure.
//
// 1. The end of what was under way was not seen, so its effect may exist.
// 2. A run that is under suspicion and was not called says nothing new: endless restarts write no endless history.
import { findUnfinished } from './decide.ts';
import { isSuspect } from './driver.ts';
import type { Happening } from './event.ts';
import type { Saga } from './saga.ts';
import { type RunState, readWay } from './state.ts';

export function toInterruption(
  saga: Saga<unknown>,
  state: RunState,
  now: number,
): Happening | undefined {
  if (state.isQuarantined || (isSuspect(state) && !state.isStarted)) return undefined;
  const way = findUnfinished(saga, state)?.name;
  if (way === undefined) return { type: 'recovered' };
  const { attempts, retryAt } = readWay(state, way);
  const tried = { way, attempt: attempts + 1, startedAt: now, retryAt: Math.max(now, retryAt) };
  return { type: 'step-unknown', ...tried, code: 'interrupted', interrupted: true };
}
