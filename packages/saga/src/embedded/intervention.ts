/** What an operator may ask of a run, as events. Pure: not who may ask, and not how it goes on. */
import { findOpenLater, findOwed, findRepairs } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { type PlannedStep, type Saga, toWays } from '../core/saga.ts';
import { type RunState, readWay } from '../core/state.ts';
import { isSettled } from '../core/status.ts';
import { type Run, readState } from '../run/run.ts';
import type { Intervention, RetryOptions } from './engine.ts';

export type Wish = readonly Happening[] | Exclude<Intervention, 'done'>;

export function toRetry(run: Run, reason: string, { nudge = false }: RetryOptions = {}): Wish {
  const state = readState(run);
  if (isSettled(state) && findRepairs(run.saga, state).length === 0) return 'nothing-to-retry';
  if (nudge && state.isQuarantined) return 'quarantined';
  return [{ type: 'retry-requested', reason, ...(nudge && { nudge }) }];
}

/** A quarantined run is not to be skipped past what it may crash on: its retry comes first. */
export function toSkip(run: Run, name: string, reason: string): Wish {
  const { saga, attempt } = run;
  const state = readState(run);
  if (state.isQuarantined) return 'quarantined';
  const step = saga.plan.find((planned) => planned.name === name);
  if (!step) return 'nothing-to-skip';
  if (toWays(step).some((way) => way.name === attempt?.way)) return 'in-flight';
  const wish = [...skipLater(saga, state, step), ...skipUndos(saga, state, step)].map(
    (skipped) => ({ type: 'written-off', ...skipped, reason }) as const,
  );
  return wish.length > 0 ? wish : 'nothing-to-skip';
}

const skipLater = (saga: Saga<unknown>, state: RunState, step: PlannedStep) =>
  state.phase !== 'compensated' && findOpenLater(saga, state).includes(step)
    ? [{ way: step.first.name, direction: 'forward' as const }]
    : [];

/** Only what was refused or is out of attempts: anything else settles by itself. */
const skipUndos = (saga: Saga<unknown>, state: RunState, step: PlannedStep) =>
  state.phase === 'compensating'
    ? findOwed(saga, state)
        .filter((way) => toWays(step).includes(way) && readWay(state, way.name).undo.exhausted)
        .map((way) => ({ way: way.name, direction: 'undo' as const }))
    : [];
