/** A journal record: past tense, never changed. What is not here did not happen. */

import type { Details } from './reply.ts';

export type Direction = 'forward' | 'undo';
/** `<step>` or `<step>:alt`. */
type WayName = string;

/** A way, and whether it is done or undone. */
export interface Aimed {
  readonly way: WayName;
  readonly direction: Direction;
}
interface Tried {
  readonly way: WayName;
  /** 1 for the first attempt that was sent; an unsent one carries the number that the next one will have. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The reply's. */
  readonly note?: string;
  readonly details?: Details;
}
export interface Failed extends Tried {
  readonly code: string;
  /** When the next attempt is due, in milliseconds since the epoch: durable, so that a crash changes no delay. */
  readonly retryAt: number;
}

export interface Blame {
  /** The process was ended from outside: no run is suspected for it. */
  readonly blameless?: true;
}

type StepEvent =
  | (Tried & { readonly type: 'step-succeeded'; readonly output: unknown })
  | (Tried & { readonly type: 'step-refused'; readonly code: string })
  | (Failed & { readonly type: 'step-unsent' })
  /** `final`: the same request will fare no better. `interrupted`: recovery wrote it, since the attempt's end was not seen. */
  | (Failed &
      Blame & { readonly type: 'step-unknown'; readonly final?: true; readonly interrupted?: true })
  /** The way waits for its participant's breaker to close: no attempt, only the time budget, is used up. */
  | { readonly type: 'step-parked'; readonly way: WayName; readonly code: string };

type UndoEvent =
  | (Tried & { readonly type: 'undo-succeeded' })
  | { readonly type: 'undo-parked'; readonly way: WayName; readonly code: string }
  | (Failed & {
      readonly type: 'undo-refused' | 'undo-unsent' | 'undo-unknown';
      readonly exhausted: boolean;
    });

type RunWideEvent =
  | {
      readonly type: 'accepted';
      readonly saga: string;
      readonly version: number;
      readonly structure: string;
      /** Without its secret fields. */
      readonly input: unknown;
      readonly context: Readonly<Record<string, string>>;
    }
  | { readonly type: 'cancel-requested'; readonly reason: string }
  /** An operator's, unless `by` says whose: what waits is due, as if never tried. With `nudge` it is only requeued: attempts stay counted. */
  | {
      readonly type: 'retry-requested';
      readonly reason: string;
      readonly by?: string;
      readonly nudge?: true;
    }
  /** An operator's: the engine will not do a deferred step, or not make an undo. */
  | (Aimed & { readonly type: 'written-off'; readonly reason: string })
  /** A restart found the run with an undo or a repair ahead. A forward step's attempt is marked unknown instead. */
  | (Blame & {
      readonly type: 'recovered';
      /** Calls that may have been under way when the process ended: several where nobody can say which. Older journals lack them. */
      readonly interrupted?: readonly Aimed[];
    })
  /** Written before a call of a suspect run, so that the next crash can be laid at its door. */
  | (Aimed & { readonly type: 'attempt-started' })
  /** The process ended too often in the run's calls: the run rests, and is tried again alone from `until` on. Older journals lack that. */
  | { readonly type: 'quarantined'; readonly code: string; readonly until?: number };

/** What `decide` decided. It needs no call. */
export type Decision =
  | { readonly type: 'alternate-chosen'; readonly step: string; readonly code: string }
  /** A step was deferred: the run completes without it, and the engine repairs it afterwards. */
  | { readonly type: 'step-deferred'; readonly step: string; readonly code: string }
  /** Final: no forward call after it. */
  | { readonly type: 'compensation-decided'; readonly code: string; readonly step: string | null }
  | { readonly type: 'completed' }
  | { readonly type: 'compensated' };

/** What happened, before the journal gave it a number and a time. */
export type Happening = StepEvent | UndoEvent | RunWideEvent | Decision;

/** What the journal holds. `seq` counts within the run from 1; `at` is in milliseconds since the epoch. */
export type Event = Happening & { readonly seq: number; readonly at: number };
export type EventType = Event['type'];
/** How one attempt ended. */
export type TriedEvent = Extract<Event, { attempt: number }>;
