import { randomBytes } from 'node:crypto';
import type { Direction } from '../core/event.ts';
import { type Rest, toPriority } from '../core/rest.ts';
import type { Saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import type { Leave } from './lane.ts';

/** A run in memory. Only the scheduler and the lanes change one. */
export interface Run {
  readonly id: string;
  readonly saga: Saga<unknown>;
  /** Committed. */
  state: RunState | null;
  /** With the events that are on their way to the disk: for numbering and the row, never for a decision. */
  ahead: RunState | null;
  /** What its row says. */
  rest: Rest | null;
  secrets: Readonly<Record<string, unknown>>;
  attempt: {
    readonly way: string;
    readonly direction: Direction;
    readonly number: number;
    readonly startedAt: number;
  } | null;
  /** What a restart says of it is on its way to the disk. */
  recovered: Promise<void> | null;
  /** The store may have waits of it. */
  hasWaits: boolean;
  /** Something changed while it was moving: look again before it rests. */
  isStirred: boolean;
  /** How many others than its driver are about to write something of it. */
  pins: number;
  /** To call this participant; of a run that is tried alone also for that, under no name. */
  readonly permits: Map<string, Leave>;
  callOff: () => void;
}

/** 128 random bits: nobody guesses one, and none comes twice. */
export const createRunId = (): string => `run_${randomBytes(16).toString('hex')}`;

/** `stored` is what the journal has of it: nothing of a new one. */
export const createRun = (
  id: string,
  saga: Saga<unknown>,
  secrets: Run['secrets'],
  stored: { readonly state: RunState; readonly dueAt: number | null } | null,
): Run => ({
  id,
  saga,
  secrets,
  state: stored?.state ?? null,
  ahead: stored?.state ?? null,
  rest: stored && { dueAt: stored.dueAt, priority: toPriority(stored.state), waits: [] },
  attempt: null,
  recovered: null,
  hasWaits: stored !== null,
  isStirred: false,
  pins: 0,
  permits: new Map(),
  callOff: () => {},
});

/** Throws for a run whose acceptance is not committed: nothing may be decided on it. */
export function readState(run: Run): RunState {
  if (!run.state) throw new Error(`${run.id} is not accepted yet`);
  return run.state;
}
