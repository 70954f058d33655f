/**
 * What a restart says of a run before anything else happens to it, and how a run that ends its process is found. Pure.
 *
 * 1. The end of what was under way was not seen, so its effect may exist.
 * 2. A run that is parked, or under repair, was not called, or it would have said so: nothing was interrupted.
 * 3. A run that is under suspicion and was not called says nothing new: endless restarts write no endless history.
 * 4. What may have been under way is worked out here, and written down: nobody works it out again.
 */
import { type Aim, chosen, findCurrent, findOwed, owesFirstUndo } from '../core/decide.ts';
import type { Aimed, Happening } from '../core/event.ts';
import type { PlannedWay, Saga } from '../core/saga.ts';
import { isStarted, type RunState, readTried, readWay } from '../core/state.ts';
import { isSettled } from '../core/status.ts';

/** Open at two ends of the process in a row: from then on its calls are announced, so that an end in them is seen. */
const suspectMin = 2;
const interruptionsMax = 5;
type Interrupted = Pick<RunState, 'interruptions'>;

const isSuspect = ({ interruptions }: Interrupted): boolean => interruptions >= suspectMin;
/** An end was seen in its call. Several may have been under way: one at a time, they can be told apart. */
export const isTriedAlone = ({ interruptions }: Interrupted): boolean => interruptions > suspectMin;

/**
 * The attempt of a suspect, one that comes out of being parked, and each of a repair is announced. So a restart knows
 * which run was called when the process ended, and that none that was parked or put off was.
 */
export function toAnnouncement(state: RunState, aim: Aim): Happening | undefined {
  const { way, direction } = aim;
  const isAnnounced =
    readTried(state, aim).isParked || isSuspect(state) || state.phase === 'completed';
  if (!isAnnounced || isStarted(state, way.name, direction)) return undefined;
  return { type: 'attempt-started', way: way.name, direction };
}

/** The process ended in its calls, and not only while it was open, as often as can be tolerated: it is set aside. */
export function toRecovery(saga: Saga<unknown>, state: RunState, now: number): Happening[] {
  const interruption = toInterruption(saga, state, now);
  if (!interruption) return [];
  const isPoison = state.interruptions + 1 >= interruptionsMax;
  return [interruption, ...(isPoison ? [{ type: 'quarantined', code: 'crashes' } as const] : [])];
}

export function toInterruption(
  saga: Saga<unknown>,
  state: RunState,
  now: number,
): Happening | undefined {
  if (state.isQuarantined) return undefined;
  const ahead = findAhead(saga, state);
  const areParked = ahead.length > 0 && ahead.every((aim) => readTried(state, aim).isParked);
  const isAnnounced = isSettled(state) || isSuspect(state) || areParked;
  if (state.started === null && isAnnounced) return undefined;
  const way = findUnfinished(saga, state)?.name;
  if (way === undefined) return { type: 'recovered', interrupted: findInterrupted(saga, state) };
  const { attempts, retryAt } = readWay(state, way);
  const tried = { way, attempt: attempts + 1, startedAt: now, retryAt: Math.max(now, retryAt) };
  return { type: 'step-unknown', ...tried, code: 'interrupted', interrupted: true };
}

/** An undo that waits for its time may have been called early: its breaker closed. One that is parked was not called. */
const findInterrupted = (saga: Saga<unknown>, state: RunState): Aimed[] =>
  state.started
    ? [state.started]
    : findAhead(saga, state)
        .filter((aim) => !readTried(state, aim).isParked)
        .map(({ way, direction }) => ({ way: way.name, direction }));

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
