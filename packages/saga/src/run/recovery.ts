/**
 * What a restart says of a run before anything else happens to it, and how a run that ends its process is found. Pure.
 *
 * 1. Nobody saw the end of a call that was under way, so its effect may exist.
 * 2. A run that is parked, or under repair, was not called, or it would have said so: nothing was interrupted.
 * 3. A run that is under suspicion and was not called says nothing new: endless restarts write no endless history.
 * 4. The calls that may have been under way are worked out here, and stored: nobody works them out again.
 */
import { type Aim, chosen, findCurrent, findOwed, owesFirstUndo } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { endlessDelayMaxMs } from '../core/policy.ts';
import type { Saga } from '../core/saga.ts';
import { isStarted, type RunState, readTried, readWay } from '../core/state.ts';
import { isSettled } from '../core/status.ts';

/** A run that is open at two ends of the process in a row is suspect: its calls are announced, so that an end in them is seen. */
const suspectMin = 2;
const interruptionsMax = 5;
/** From the end that was one too many to the next try; doubled with each further end. */
const restMs = 5_000;

const isSuspect = ({ interruptions }: RunState): boolean => interruptions >= suspectMin;
/** The process ended in the run's call. Several calls may have been under way: one at a time, they can be told apart. */
export const isTriedAlone = ({ interruptions }: Pick<RunState, 'interruptions'>): boolean =>
  interruptions > suspectMin;

/** Calls of suspects, of repairs, and out of parking are announced: a restart knows which of these runs were called. */
export function toAnnouncement(state: RunState, aim: Aim): Happening[] | undefined {
  const { way, direction } = aim;
  const isAnnounced =
    readTried(state, aim).isParked || isSuspect(state) || state.phase === 'completed';
  if (!isAnnounced || isStarted(state, way.name, direction)) return undefined;
  return [{ type: 'attempt-started', way: way.name, direction }];
}

/** After one end too many in its calls, a run rests, ever longer. Ends that somebody caused do not count. */
export function toRecovery(saga: Saga<unknown>, state: RunState, now: number, isBlameless = false) {
  const interruption = toInterruption(saga, state, now);
  if (!interruption) return [];
  if (isBlameless) return [{ ...interruption, blameless: true as const }];
  const beyond = state.interruptions + 1 - interruptionsMax;
  if (beyond < 0) return [interruption];
  const until = now + Math.min(restMs * 2 ** beyond, endlessDelayMaxMs);
  return [interruption, { type: 'quarantined' as const, code: 'crashes', until }];
}

export function toInterruption(
  saga: Saga<unknown>,
  state: RunState,
  now: number,
): Extract<Happening, { type: 'recovered' | 'step-unknown' }> | undefined {
  const ahead = findAhead(saga, state);
  // A parked way was not called. A way that waits for its time may have been, early: its breaker closed.
  const callable = ahead.filter((aim) => !readTried(state, aim).isParked);
  const areParked = ahead.length > 0 && callable.length === 0;
  const isAnnounced = isSettled(state) || isSuspect(state) || areParked;
  if (state.started === null && isAnnounced) return undefined;
  const way = ahead.find(({ direction }) => direction === 'forward')?.way.name;
  if (way === undefined) {
    const called = callable.map((aim) => ({ way: aim.way.name, direction: aim.direction }));
    return { type: 'recovered', interrupted: state.started ? [state.started] : called };
  }
  const { attempts, retryAt } = readWay(state, way);
  const startedAt = Math.max(now, state.at);
  const tried = { way, attempt: attempts + 1, startedAt, retryAt: Math.max(now, retryAt) };
  return { type: 'step-unknown', ...tried, code: 'interrupted', interrupted: true };
}

/** The calls that may have been the last: by the journal, they come next. */
function findAhead(saga: Saga<unknown>, state: RunState): Aim[] {
  if (state.phase !== 'forward')
    return findOwed(saga, state).map((way) => ({ way, direction: 'undo' }));
  const step = findCurrent(saga, state);
  if (!step) return [];
  if (owesFirstUndo(state, step)) return [{ way: step.first, direction: 'undo' }];
  const way = chosen(state, step);
  return readWay(state, way.name).result === 'none' ? [{ way, direction: 'forward' }] : [];
}
