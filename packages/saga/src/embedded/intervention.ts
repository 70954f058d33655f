/** An operator's wishes for a run, as events. Pure: not who may ask, and not how the run goes on. */
import { findOpenLater, findOwed, findRepairs, isPastPivot } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { toWays } from '../core/saga.ts';
import { readWay } from '../core/state.ts';
import { isSettled } from '../core/status.ts';
import { type Run, readState } from '../run/run.ts';
import { check, flag, text } from './arguments.ts';
import type { Acts, Intervention, RetryOptions } from './engine.ts';

type Asked = Pick<Run, 'id' | 'saga' | 'state' | 'attempt'>;
export type Wish = readonly Happening[] | Exclude<Intervention, 'done'>;

export function toRetry(run: Asked, reason: string, options?: RetryOptions | null): Wish {
  const { by, nudge = false } = options ?? {};
  check({ nudge }, flag);
  if (by !== undefined) check({ by }, text);
  const state = readState(run);
  if (isSettled(state) && findRepairs(run.saga, state).length === 0) return 'nothing-to-retry';
  if (nudge && state.isQuarantined) return 'quarantined';
  return [{ type: 'retry-requested', reason, ...(by && { by }), ...(nudge && { nudge }) }];
}

/** A quarantined run must not skip the step that it may crash on: its retry comes first. */
export function toSkip(run: Asked, name: string, reason: string): Wish {
  check({ step: name }, text);
  const { saga, attempt } = run;
  const state = readState(run);
  if (state.isQuarantined) return 'quarantined';
  const step = saga.plan.find((planned) => planned.name === name);
  if (!step) return 'nothing-to-skip';
  if (toWays(step).some((way) => way.name === attempt?.way)) return 'in-flight';
  const isOpenLater = state.phase !== 'compensated' && findOpenLater(saga, state).includes(step);
  const later = isOpenLater ? [{ way: step.first.name, direction: 'forward' as const }] : [];
  // Only an undo that was refused or is out of attempts: anything else settles by itself.
  const undos = (state.phase === 'compensating' ? findOwed(saga, state) : [])
    .filter((way) => toWays(step).includes(way) && readWay(state, way.name).undo.exhausted)
    .map((way) => ({ way: way.name, direction: 'undo' as const }));
  const skipped = [...later, ...undos];
  if (skipped.length === 0) return 'nothing-to-skip';
  return skipped.map((aimed) => ({ type: 'written-off', ...aimed, reason }));
}

export const noActs: Acts = { cancel: false, retry: false, skip: [] };

/** `isWaiting`: a retry makes nothing due that is under way. */
export function findActs(run: Asked, isWaiting: boolean): Acts {
  const { phase, isQuarantined, cancelRequested } = readState(run);
  const isForward = phase === 'forward' && !isPastPivot(run.saga, readState(run));
  return {
    cancel: isForward && !isQuarantined && !cancelRequested,
    retry: (isWaiting || isQuarantined) && typeof toRetry(run, '') !== 'string',
    skip: run.saga.plan
      .map(({ name }) => name)
      .filter((name) => typeof toSkip(run, name, '') !== 'string'),
  };
}
