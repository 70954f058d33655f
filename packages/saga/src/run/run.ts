import type { Direction } from '../core/event.ts';
import type { Rest } from '../core/rest.ts';
import type { Saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import type { Leave } from './lane.ts';

/** A run in memory. Only the scheduler and the lanes change one. */
export interface Run {
  readonly id: string;
  readonly saga: Saga<unknown>;
  /** Committed; null until the acceptance is. */
  state: RunState | null;
  /** With the events that are on their way to the disk: for numbering and the row, never for a decision. */
  ahead: RunState | null;
  /** Resolves when what is on its way is durable. */
  written: Promise<void>;
  /** What its row says, as far as it was written since the run was read. */
  rest: Rest | null;
  secrets: Readonly<Record<string, unknown>>;
  attempt: {
    readonly way: string;
    readonly direction: Direction;
    readonly number: number;
    readonly startedAt: number;
  } | null;
  /** Something changed while it was moving: look again before it rests. */
  isStirred: boolean;
  /** How many others than its driver ask something of it. */
  pins: number;
  permit: { readonly participant: string; readonly leave: Leave } | null;
  /** Of a run that is tried alone: no other one is, until it gives this back. */
  turn: Leave | null;
  callOff: () => void;
}

/** `state` and `secrets` as the journal has them: no state of a new run. */
export const createRun = (
  id: string,
  saga: Saga<unknown>,
  { state, secrets }: Pick<Run, 'state' | 'secrets'>,
): Run => ({
  id,
  saga,
  state,
  ahead: state,
  written: Promise.resolve(),
  rest: null,
  secrets,
  attempt: null,
  isStirred: false,
  pins: 0,
  permit: null,
  turn: null,
  callOff: () => {},
});

/** Throws for a run whose acceptance is not committed: nothing may be decided on it. */
export function readState({ id, state }: Pick<Run, 'id' | 'state'>): RunState {
  if (!state) throw new Error(`${id} is not accepted yet`);
  return state;
}
