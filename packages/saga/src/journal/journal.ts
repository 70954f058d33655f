import type { Event } from '../core/event.ts';
import type { Priority, Rest, Wait } from '../core/rest.ts';
import type { Status } from '../core/status.ts';

/** Reads a journal's file, also while another process writes it. */
export interface ReadJournal {
  /** A run's events in order, with the secrets that are not yet erased. */
  read(run: string): StoredRun | undefined;
  /** What was submitted under this id, also long after the run was pruned. */
  readSubmission(run: string): StoredSubmission | undefined;
  list(query: ListQuery): RunSummary[];
  /** The newest first. */
  readNotices(limit: number): Notice[];
  /** Events of all runs after a position, in order; undefined when some were pruned, or it is ahead of all of them. */
  readFeed(after: number, limit: number): StoredEvent[] | undefined;
  /** The same for a reader that gaps do not harm: pruned events are left out. */
  readKept(after: number, limit: number): StoredEvent[];
  /** The position of the last event ever committed; 0 when there was none. */
  readLast(): number;
  /** Runs that ended before `settledBefore`, with all their events up to this position, the oldest first. */
  listPrunable(settledBefore: number, upTo: number, limit: number): string[];
  /** Undefined when no age was stored. */
  readAge(): Age | undefined;
  readCarried(): unknown;
  close(): void;
}

/** Where runs are stored. One suite holds every implementation to the same behaviour. */
export interface Journal extends ReadJournal {
  /**
   * Makes events durable, then resolves with the position of the first one; the others follow it. Appends that arrive
   * together share one transaction. On a full disk they wait for room. When it cannot, the journal stops the process: a
   * promise that neither resolves nor rejects, since going on after a failed flush would acknowledge what may be lost.
   */
  append(entry: Append): Promise<number>;
  /** Makes a notice durable, then resolves. The newest `noticesMax` are kept. Fails as `append` does. */
  addNotice(notice: Notice): Promise<void>;
  /** Runs of this priority that are due by `now`, the longest due first, then the oldest. */
  listDue(priority: Priority, now: number, limit: number): string[];
  /** How many are due, of all priorities; a bound is as good as an exact number. */
  countDue(now: number): number;
  /** When the next run is due after `now`. */
  nextDueAt(now: number): number;
  /** Runs that have waited like this for a participant since before a time, by rank, the longest waiting first. */
  listWaiting(participant: string, kind: Wait['kind'], before: number, limit: number): string[];
  countWaits(): readonly WaitCount[];
  /** Runs that have not settled, and runs that are set aside. */
  countRuns(): { readonly open: number; readonly aside: number };
  /** Sets the run aside: nothing fetches it any more. Returns its row; undefined when nothing would have fetched it. */
  setAside(run: string): 'open' | 'settled' | undefined;
  /**
   * At the start; waits for room on a full disk. A run that was set aside is due if its definition is among these, and a run without such a definition
   * is set aside. A run that stood in a queue is due: no queue outlives its executor. A time later than `latest` was
   * written under another clock: its run is due now.
   */
  review(known: readonly Pick<Summary, 'saga' | 'version'>[], latest: number): Promise<void>;
  /** Removes runs and stores what is carried of them, in one transaction. */
  prune(runs: readonly string[], carried: unknown): void;
  keepAge(age: Age): void;
  /** True while another process waits to take over. */
  hasStandby(): boolean;
  /** The process was told to end: should it not get as far as `rest`, no run is to blame. */
  expectEnd(): void;
  /** False while appends wait for room on the disk. */
  hasRoom(): boolean;
  /** Nothing is under way any more: the last call, after every append. */
  rest(): void;
  /** The executor before this one was told to end. */
  readonly wasTold: boolean;
  /** An executor ended without a word since: what followed an event up to here may not have been seen. */
  readonly unseenTo: number;
}

/** How long engines lived with the journal, which no wrong clock changes, and its last position at some of these times. */
export interface Age {
  readonly livedMs: number;
  readonly marks: readonly (readonly [livedMs: number, position: number])[];
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
  /** `at`: since when, in milliseconds since the epoch. Its waits take the place of those before; it has none while it is due at 0. */
  readonly rest: Rest & { readonly at: number };
  /** With the first event only. */
  readonly submission?: {
    readonly fingerprint: string;
    readonly secrets: Readonly<Record<string, unknown>>;
  };
}

/** What lists show. Times are in milliseconds since the epoch. */
export interface Summary {
  readonly saga: string;
  readonly version: number;
  readonly status: Status;
  readonly acceptedAt: number;
  readonly settledAt: number | null;
}
export interface RunSummary extends Summary {
  readonly id: string;
  /** Grows with each run: the next page begins here. */
  readonly number: number;
}
export interface ListQuery {
  /** `open`: not settled. `owing`: completed, with a deferred step still to be done. */
  readonly status?: Status | 'open' | 'owing' | undefined;
  readonly limit: number;
  /** Only runs with a smaller number. */
  readonly before?: number | undefined;
  readonly oldestFirst?: boolean | undefined;
}
export interface StoredRun {
  readonly events: readonly Event[];
  /** The position of the last one. */
  readonly position: number;
  readonly secrets: Readonly<Record<string, unknown>>;
}
export interface WaitCount extends Omit<Wait, 'rank'> {
  readonly count: number;
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
