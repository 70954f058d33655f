import type { Aimed } from '../core/event.ts';
import type { Rest } from '../core/rest.ts';
import type { Saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import type { Leave } from './lane.ts';

/** A run in memory. Only the scheduler, the lanes and the host change one. */
export class Run {
  readonly id: string;
  readonly saga: Saga<unknown>;
  /** Committed; null until the acceptance is. */
  state: RunState | null;
  /** The state with events on their way to the disk: for numbering and the row, never for a decision. */
  ahead: RunState | null;
  /** Resolves when the events on their way are durable. */
  written: Promise<void> = Promise.resolve();
  /** The run's row, as far as it was written since the run was read. */
  rest: Rest | null = null;
  /** The input's, by path; none once they were erased. */
  secrets: Readonly<Record<string, unknown>>;
  attempt: (Aimed & { readonly number: number; readonly startedAt: number }) | null = null;
  /** Something changed while the run was moving: look again before it rests. */
  isStirred = false;
  /** How many callers besides its driver hold the run in memory. */
  pins = 0;
  permit: { readonly participant: string; readonly leave: Leave } | null = null;
  /** Gives back the turn of a run that is tried alone: until then, no other is. */
  turn: Leave | null = null;
  callOff = (): void => {};

  /** As the journal has it; a new run has no state. */
  constructor(id: string, saga: Saga<unknown>, { state, secrets }: Pick<Run, 'state' | 'secrets'>) {
    this.id = id;
    this.saga = saga;
    this.state = state;
    this.ahead = state;
    this.secrets = secrets;
  }
}

/** Throws for a run whose acceptance is not committed: nothing may be decided on it. */
export function readState({ id, state }: Pick<Run, 'id' | 'state'>): RunState {
  if (!state) throw new Error(`${id} is not accepted yet`);
  return state;
}
