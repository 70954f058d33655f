/** The engine that a program embeds: runs sagas inside one process, on a journal. */

import type { Aim, Command } from '../core/decide.ts';
import type { Event } from '../core/event.ts';
import type { Saga } from '../core/saga.ts';
import type { Issue } from '../core/schema.ts';
import type { RunState } from '../core/state.ts';
import type { Status } from '../core/status.ts';
import type { Journal, ListQuery, Notice, RunSummary } from '../journal/journal.ts';
import type { BreakerOptions } from '../run/breaker.ts';
import type { Clock } from '../run/clock.ts';
import type { ParticipantView } from '../run/lanes.ts';
import type { Thrown } from '../run/perform.ts';
import type { Run } from '../run/run.ts';

export interface EngineOptions {
  readonly journal: Journal;
  /** Every definition that an open run may have been started under, old versions included. */
  readonly sagas: readonly Saga<unknown>[];
  /** Runs in progress at once; waiting ones do not count. Default 64. */
  readonly concurrencyMax?: number;
  /** Calls in flight to one participant; further runs wait for a permit. Default 32. */
  readonly callsMax?: number;
  /** When a breaker opens: its participant is not called, and its steps are parked. */
  readonly breaker?: Partial<BreakerOptions>;
  /** Parked runs that go on each second after a breaker closed. Default 200. */
  readonly drainPerSecond?: number;
  /** Runs accepted and not settled; one more is answered `full`. Default 100,000. */
  readonly openMax?: number;
  /** How long ended runs are kept, counted while an engine runs: no wrong clock shortens it. Default: for ever. */
  readonly keepMs?: number;
  readonly onPruned?: (runs: readonly string[]) => void;
  /** Folds a pruned run into what is kept of all pruned ones, such as totals. Must survive JSON. */
  readonly carry?: (carried: unknown, state: RunState, id: string) => unknown;
  /** Somebody is known to have ended the last process: no run is suspected. Default: whether that process was told to stop. */
  readonly isBlameless?: boolean;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly onBug?: (error: unknown) => void;
  /** A step threw. Default: its stack on stderr. The journal keeps none of its text. */
  readonly onError?: (error: unknown, of: Thrown) => void;
}

export interface SubmitOptions {
  /** The same id is the same run. Default: a new one. */
  readonly id?: string;
  /** What was asked for: the same id with another fingerprint is a conflict. Default: none. */
  readonly fingerprint?: string;
  /** Travels with the run to every attempt, such as trace context. */
  readonly context?: Readonly<Record<string, string>>;
}
export type Submission =
  | { readonly type: 'accepted'; readonly id: string }
  /** Submitted before. `prunedAs` says how it ended if it can no longer be read. */
  | { readonly type: 'known'; readonly id: string; readonly prunedAs: Status | null }
  | { readonly type: 'conflict'; readonly id: string }
  | { readonly type: 'full'; readonly openMax: number }
  | { readonly type: 'invalid'; readonly issues: readonly Issue[] };
/** How a run ended. The outputs of a compensated one are of the steps that were done, and undone since. */
export type Settled<D> = Pick<RunState, 'reason'> & { readonly state: RunState } & (
    | { readonly phase: 'completed'; readonly outputs: D }
    | { readonly phase: 'compensated'; readonly outputs: Partial<D> }
  );
/** `quarantined`: nothing moves it before its definition is registered again. */
export type Cancellation =
  | 'cancel-requested'
  | 'past-the-pivot'
  | 'settled'
  | 'quarantined'
  | 'unknown-run';
/** The answer to an operator's wish: `in-flight` says that an attempt must end first. */
export type Intervention =
  | 'done'
  | 'nothing-to-retry'
  | 'nothing-to-skip'
  | 'in-flight'
  | 'quarantined'
  | 'unknown-run';

export interface RetryOptions {
  /** The caller, where it is no operator. */
  readonly by?: string;
  /** Only requeues the run: no attempt is given back, a stuck run stays stuck, and a quarantine lasts. */
  readonly nudge?: boolean;
}

export type Next =
  | (Aim & { readonly type: 'perform' })
  | (Aim & {
      readonly type: 'wait';
      /** In milliseconds since the epoch: when it is due, or is given up. */
      readonly until: number;
      readonly held?: Held;
    })
  | Exclude<Command, { type: 'perform' | 'wait' }>;
/** Due, but not called: `full` waits for a permit, `parked` for a breaker. */
export interface Held {
  readonly participants: Readonly<Record<string, 'full' | 'parked'>>;
  /** When the next attempt is to be expected, as far as can be said, in milliseconds since the epoch. */
  readonly tryAt: number;
}

/** A run to look at. `next` is what happens next, as if nothing were in flight. */
export interface RunView {
  readonly id: string;
  readonly saga: Saga<unknown> | null;
  readonly state: RunState;
  readonly events: readonly Event[];
  readonly attempt: Run['attempt'];
  readonly next: Next | null;
  /** The ways whose undo is owed, in the order of undoing; none unless the run is on its way back. */
  readonly owed: readonly string[];
  readonly acts: Acts;
}
/** What an operator's wish would change as things stand. */
export interface Acts {
  readonly cancel: boolean;
  readonly retry: boolean;
  /** Steps that can be written off. */
  readonly skip: readonly string[];
}

/** A reader's position in the feed. Opaque: only the host that gave it can read it. */
export type Position = string;

export interface FeedEvent {
  readonly run: string;
  readonly position: Position;
  readonly event: Event;
}
export interface Committed extends FeedEvent {
  /** With all events of the same commit folded in. */
  readonly state: RunState;
}

export interface Feed {
  /** Before the first event ever. */
  readonly start: Position;
  /** Where the newest committed event is. */
  last(): Promise<Position>;
  /** Events of all runs after a position, in order within a run. Undefined when some were pruned since, or the position is none of this host's. */
  read(after: Position, limit: number): Promise<readonly FeedEvent[] | undefined>;
  /** The same for a reader that gaps do not harm. A position of another journal begins anew. */
  readKept(after: Position, limit: number): Promise<readonly FeedEvent[]>;
  /** How many events come after a position, about. */
  behind(after: Position): Promise<number>;
  /** Hears of each committed event; returns how to stop listening. A listener must not throw. */
  subscribe(listener: (committed: Committed) => void): () => void;
}
/** What happened to the whole rather than to one run. The newest are kept. */
export interface Notices {
  /** Resolves when the notice is durable. */
  add(notice: Notice): Promise<void>;
  /** The newest first. */
  list(limit: number): Promise<Notice[]>;
}
export interface Archive {
  /** What is carried of pruned runs. */
  read(): Promise<unknown>;
}
export interface EngineCounts {
  readonly moving: number;
  readonly queued: number;
  readonly open: number;
  readonly openMax: number;
  readonly quarantined: number;
  /** False while the journal's disk is full: nothing is accepted, and all that happens is stored once there is room. */
  readonly hasRoom: boolean;
  /** False while no node of its cluster answers. An embedded host has none. */
  readonly isReached?: boolean;
}

export interface Engine {
  submit<I>(saga: Saga<I>, input: I, options?: SubmitOptions): Promise<Submission>;
  /** Undoes a run before its pivot. An attempt in flight is awaited first. */
  cancel(id: string, reason: string): Promise<Cancellation>;
  /** An operator's: whatever the run waits for is due now, also in quarantine. Recorded with its reason. */
  retry(id: string, reason: string, options?: RetryOptions): Promise<Intervention>;
  /** An operator's: writes off a deferred step, or the exhausted undo of a step. Recorded with its reason. */
  skip(id: string, step: string, reason: string): Promise<Intervention>;
  /** Undefined for an unknown run, or when its stored events make no sense. */
  read(id: string): Promise<RunView | undefined>;
  /** The same without the history: at once for a run that is open or under repair, however long its history is. */
  readState(id: string): Promise<RunState | undefined>;
  list(query: ListQuery): Promise<RunSummary[]>;
  /** Resolves with a run's settled state, or with undefined once `signal` aborts or the run is not known. */
  settled(id: string, signal?: AbortSignal): Promise<RunState | undefined>;
  /** The same with outputs that have types. Undefined also for a run of another definition, or of another version. */
  settled<D>(
    saga: Saga<unknown, D>,
    id: string,
    signal?: AbortSignal,
  ): Promise<Settled<D> | undefined>;
  /** `quarantined` runs belong to a definition that is not registered here: the rest goes on. */
  counts(): Promise<EngineCounts>;
  /** The participants that were called so far. */
  participants(): Promise<readonly ParticipantView[]>;
  readonly feed: Feed;
  readonly notices: Notices;
  readonly archive: Archive;
  /** True while another process waits to take over. */
  standby(): Promise<boolean>;
  /** Lets attempts in flight end, commits them, and closes the journal. */
  stop(): Promise<void>;
}
