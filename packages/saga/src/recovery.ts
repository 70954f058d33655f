// What a restart says of a run before anything else happens to it. Pure.
//
// 1. The end of what was under way was not seen, so its effect may exist.
// 2. A run that is parked, or under repair, was not called, or it would have said so: nothing was interrupted.
// 3. A run that is under suspicion and was not called says nothing new: endless restarts write no endless history.
import { type Aim, chosen, findCurrent, findOwed, owesFirstUndo } from './decide.ts';
import { isSuspect } from './driver.ts';
import type { Happening } from './event.ts';
import { isSettled } from './journal.ts';
import type { PlannedWay, Saga } from './saga.ts';
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

/** The way whose forward attempt may have been under way when the process ended. */
export const findUnfinished = (saga: Saga<unknown>, state: RunState): PlannedWay | undefined =>
  findAhead(saga, state).find(({ direction }) => direction === 'forward')?.way;

/** What may have been called last: whatever comes next. */
function findAhead(saga: Saga<unknown>, state: RunState): Aim[] {
  if (state.phase !== 'forward')
    return findOwed(saga, state).map((way) => ({ way, direction: 'undo' }));
  const step = findCurrent(saga, state);
  if (!step) return [];
  if (owesFirstUndo(state, step)) return [{ way: step.first, direction: 'undo' }];
  const way = chosen(state, step);
  return readWay(state, way.name).result === 'none' ? [{ way, direction: 'forward' }] : [];
}

function isParked(saga: Saga<unknown>, state: RunState): boolean {
  const ahead = findAhead(saga, state).map(({ way, direction }) => {
    const known = readWay(state, way.name);
    return direction === 'forward' ? known : known.undo;
  });
  return ahead.length > 0 && ahead.every((tried) => tried.isParked);
}
