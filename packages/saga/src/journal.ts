import type { Event } from './event.ts';
import type { RunState, WayState } from './state.ts';

/** Where runs are stored. One suite holds every implementation to the same behaviour. */
export interface Journal {
  /**
   * Makes events durable, then resolves with the position of the first one; the others follow it. Appends that arrive
   * together share one transaction. When it cannot, the journal stops the process: a promise that neither resolves
   * nor rejects, since going on after a failed flush would acknowledge what may be lost.
   */
  append(entry: Append): Promise<number>;
  /** Makes a notice durable, then resolves. The newest `noticesMax` are kept. Fails as `append` does. */
  addNotice(notice: Notice): Promise<void>;
  /** The newest first. */
  readNotices(limit: number): Notice[];
  /** A run's events in order, with the secrets that are not yet erased. */
  read(run: string): StoredRun | undefined;
  /** What was submitted under this id, also long after the run was pruned. */
  readSubmission(run: string): StoredSubmission | undefined;
  list(query: ListQuery): RunSummary[];
  /** Runs that must go on after a restart. */
  listOpen(): string[];
  /** Completed runs with a later step whose repair is due, the longest due first, after a place if one is given. */
  listRepairs(dueBy: number, limit: number, after?: RepairPlace): RunSummary[];
  /** Events of all runs after a position, in order; undefined when some were pruned, or it is ahead of all of them. */
  readFeed(after: number, limit: number): StoredEvent[] | undefined;
  /** The same for whom gaps do no harm: what was pruned is left out. */
  readKept(after: number, limit: number): StoredEvent[];
  /** The position of the last event ever committed; 0 when there was none. */
  readLast(): number;
  /** Runs that ended before `settledBefore`, the oldest first. */
  listPrunable(settledBefore: number, limit: number): string[];
  /** Removes runs and stores what is carried of them, in one transaction. */
  prune(runs: readonly string[], carried: unknown): void;
  readCarried(): unknown;
  /** True while another process waits to take over. */
  hasStandby(): boolean;
  /** Nothing is under way any more: said last, after every append. */
  rest(): void;
  /** True when the executor before this one said so: what it left open was interrupted by nothing. */
  wasAtRest(): boolean;
  close(): void;
}

/** What happened to the whole rather than to one run. Any JSON beside its time, in milliseconds since the epoch. */
export interface Notice {
  readonly at: number;
  readonly [field: string]: unknown;
}
export const noticesMax = 1_000;

export interface Append {
  readonly run: string;
  readonly events: readonly Event[];
  /** After these events. */
  readonly summary: Summary;
  /** With the first event only. */
  readonly submission?: {
    readonly fingerprint: string;
    readonly secrets: Readonly<Record<string, unknown>>;
  };
}

export type Status =
  | 'accepted'
  | 'running'
  | 'compensating'
  | 'stuck'
  | 'completed'
  | 'compensated';
export const statuses = [
  'accepted',
  'running',
  'compensating',
  'stuck',
  'completed',
  'compensated',
] as const satisfies readonly Status[];

/** What lists show. Times are in milliseconds since the epoch. */
export interface Summary {
  readonly saga: string;
  readonly version: number;
  readonly status: Status;
  readonly acceptedAt: number;
  readonly settledAt: number | null;
  /** When the next repair of a completed run is due, 0 while it is being called; null when none is owed. */
  readonly repairAt: number | null;
}
export interface RunSummary extends Summary {
  readonly id: string;
  /** Grows with each run: where the next page begins. */
  readonly number: number;
}
export interface ListQuery {
  /** `open`: not settled. `owing`: completed, and a later step is still owed; the longest due come first. */
  readonly status?: Status | 'open' | 'owing' | undefined;
  readonly limit: number;
  /** Only runs with a smaller number. */
  readonly before?: number | undefined;
  /** Default: the newest first. */
  readonly oldestFirst?: boolean | undefined;
}
/** Where a look at the repairs ended. */
export interface RepairPlace {
  readonly repairAt: number;
  readonly number: number;
}
export const firstRepairPlace: RepairPlace = { repairAt: -1, number: 0 };
export interface StoredRun {
  readonly events: readonly Event[];
  readonly secrets: Readonly<Record<string, unknown>>;
}
export interface StoredSubmission {
  readonly fingerprint: string;
  /** How the run ended, if it was pruned since. */
  readonly prunedAs: Status | null;
}
export interface StoredEvent {
  readonly run: string;
  readonly position: number;
  readonly event: Event;
}

export function toStatus(state: RunState): Status {
  if (state.isQuarantined && !isSettled(state)) return 'stuck';
  if (state.phase === 'forward') return state.seq === 1 ? 'accepted' : 'running';
  if (state.phase !== 'compensating') return state.phase;
  const isOwed = ({ undo, writtenOff }: WayState): boolean =>
    undo.exhausted && !undo.done && writtenOff === null;
  return Object.values(state.ways).some(isOwed) ? 'stuck' : 'compensating';
}

export const isSettled = ({ phase }: Pick<RunState, 'phase'>): boolean =>
  phase === 'completed' || phase === 'compensated';

/** A journal that must not be used, and what to do about it. */
export class JournalError extends Error {
  /** `disk-failing` and `busy` may be over later, as they are; the others wait for somebody to change something. */
  readonly code:
    | 'held'
    | 'corrupt'
    | 'foreign'
    | 'unreadable'
    | 'disk-failing'
    | 'busy'
    | 'old-sqlite'
    | 'not-durable';
  constructor(code: JournalError['code'], message: string) {
    super(message);
    this.name = 'JournalError';
    this.code = code;
  }
}
