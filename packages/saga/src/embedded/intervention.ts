// What an operator may ask of a run, as events. Pure: not who may ask, and not how it goes on.
import { findOpenLater, findOwed, findRepairs } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { type PlannedStep, type Saga, toWays } from '../core/saga.ts';
import { type RunState, readWay } from '../core/state.ts';
import { isSettled } from '../core/status.ts';
import type { Intervention, RetryOptions } from './engine.ts';

export interface Intervened {
  readonly saga: Saga<unknown>;
  readonly state: RunState;
  /** The way whose reply is awaited. */
  readonly inFlight: string | null;
}
type Wish = readonly Happening[] | Exclude<Intervention, 'done'>;

export function toRetry(
  { saga, state }: Intervened,
  reason: string,
  { nudge = false }: RetryOptions = {},
): Wish {
  const isDone = isSettled(state) && findRepairs(saga, state).length === 0;
  if (isDone) return 'nothing-to-retry';
  if (nudge && state.isQuarantined) return 'quarantined';
  return [{ type: 'retry-requested', reason, ...(nudge && { nudge }) }];
}

/** A quarantined run is not to be skipped past what it may crash on: its retry comes first. */
export function toSkip({ saga, state, inFlight }: Intervened, name: string, reason: string): Wish {
  if (state.isQuarantined) return 'quarantined';
  const step = saga.plan.find((planned) => planned.name === name);
  if (!step) return 'nothing-to-skip';
  if (toWays(step).some((way) => way.name === inFlight)) return 'in-flight';
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
