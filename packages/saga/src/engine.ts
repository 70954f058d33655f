// What a program embeds: runs sagas inside one process, on a journal.
import type { BreakerOptions } from './breaker.ts';
import type { Clock } from './clock.ts';
import type { Command } from './decide.ts';
import type { Event } from './event.ts';
import type { GateView } from './gate.ts';
import type { Journal, ListQuery, RunSummary, Status } from './journal.ts';
import type { Saga } from './saga.ts';
import type { Issue } from './schema.ts';
import type { RunState } from './state.ts';
import type { Run } from './worker.ts';

export interface EngineOptions {
  readonly journal: Journal;
  /** Every definition that an open run may have been started under, old versions included. */
  readonly sagas: readonly Saga<unknown>[];
  /** Runs in progress at once; waiting ones do not count. Default 64. */
  readonly concurrencyMax?: number;
  /** Calls in flight to one participant; further runs wait for a place there. Default 32. */
  readonly callsMax?: number;
  /** When a participant is not called at all, and its steps are parked. */
  readonly breaker?: Partial<BreakerOptions>;
  /** Parked runs that go on each second after a breaker closed. Default 200. */
  readonly drainPerSecond?: number;
  /** Runs accepted and not settled; one more is answered `full`. Default 10,000. */
  readonly openMax?: number;
  /** How long an ended run can be read, in milliseconds. Default: for ever. */
  readonly keepMs?: number;
  /** Folds a run into what is kept of all pruned ones, such as totals. Must survive JSON. */
  readonly carry?: (carried: unknown, state: RunState, id: string) => unknown;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly onBug?: (error: unknown) => void;
}

export interface SubmitOptions {
  /** The same id is the same run. Default: a random one. */
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
/** `quarantined`: nothing moves it before an operator's retry, or before its definition is registered again. */
export type Cancellation =
  | 'cancel-requested'
  | 'past-the-pivot'
  | 'settled'
  | 'quarantined'
  | 'unknown-run';
/** What became of an operator's wish: `in-flight` says that an attempt must end first. */
export type Intervention =
  | 'done'
  | 'nothing-to-retry'
  | 'nothing-to-skip'
  | 'in-flight'
  | 'quarantined'
  | 'unknown-run';

export interface RetryOptions {
  /**
   * Only makes due what waits, for whoever asks again and again: no attempt is given back, a stuck run stays stuck, and
   * one in quarantine is left there.
   */
  readonly nudge?: boolean;
}

/** A run to look at. `next` is what happens next, as if nothing were in flight. */
export interface RunView {
  readonly id: string;
  readonly saga: Saga<unknown> | null;
  readonly state: RunState;
  readonly events: readonly Event[];
  readonly attempt: Run['attempt'];
  readonly next: Command | null;
}
export interface Committed {
  readonly run: string;
  readonly position: number;
  readonly event: Event;
  /** With all events of the same commit folded in. */
  readonly state: RunState;
}

export interface EngineCounts {
  readonly moving: number;
  readonly queued: number;
  readonly open: number;
  readonly openMax: number;
  readonly quarantined: number;
}

export interface Engine {
  submit<I>(saga: Saga<I>, input: I, options?: SubmitOptions): Promise<Submission>;
  /** Undoes a run before its pivot. An attempt in flight is awaited first. */
  cancel(id: string, reason: string): Promise<Cancellation>;
  /** An operator's: whatever the run waits for is due now, also in quarantine. Recorded with its reason. */
  retry(id: string, reason: string, options?: RetryOptions): Promise<Intervention>;
  /** An operator's: writes off a later step, or the exhausted undo of a step. Recorded with its reason. */
  skip(id: string, step: string, reason: string): Promise<Intervention>;
  /** Undefined when it is not known, or when its stored events make no sense. */
  read(id: string): RunView | undefined;
  /** The same without a look at the events: at once for what is open or under repair, however long its history is. */
  readState(id: string): RunState | undefined;
  list(query: ListQuery): RunSummary[];
  /** Resolves with a run's settled state, or with undefined once `signal` aborts or the run is not known. */
  settled(id: string, signal?: AbortSignal): Promise<RunState | undefined>;
  /** Hears of each committed event; returns how to stop listening. A listener must not throw. */
  subscribe(listener: (committed: Committed) => void): () => void;
  /** `quarantined` runs belong to a definition that is not registered here, or crashed us too often: the rest goes on. */
  counts(): EngineCounts;
  /** The participants that were called so far. */
  gates(): readonly GateView[];
  readonly journal: Journal;
  /** Lets attempts in flight end, commits them, and closes the journal. */
  stop(): Promise<void>;
}
