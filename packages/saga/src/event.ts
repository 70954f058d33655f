// A journal record: past tense, never changed. What is not here did not happen.

export type Direction = 'forward' | 'undo';
/** `<step>` or `<step>:alt`. */
type WayName = string;

interface Tried {
  readonly way: WayName;
  /** 1 for the first attempt that was sent; an unsent one carries the number that the next one will have. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** As the reply had it. */
  readonly note?: string;
}
interface Failed extends Tried {
  readonly code: string;
  /** When the next attempt is due, in milliseconds since the epoch: durable, so that a crash changes no delay. */
  readonly retryAt: number;
}

type StepEvent =
  | (Tried & { readonly type: 'step-succeeded'; readonly output: unknown })
  | (Tried & { readonly type: 'step-refused'; readonly code: string })
  | (Failed & { readonly type: 'step-unsent' })
  /** `final`: the same request will fare no better. `interrupted`: recovery wrote it, since the attempt's end was not seen. */
  | (Failed & { readonly type: 'step-unknown'; readonly final?: true; readonly interrupted?: true })
  | { readonly type: 'alternate-chosen'; readonly step: string; readonly code: string }
  /** A later step was put off: the run completes without it and it is repaired afterwards. */
  | { readonly type: 'step-deferred'; readonly step: string; readonly code: string };

type UndoEvent =
  | (Tried & { readonly type: 'undo-succeeded' })
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
  /** Final: no forward call after it. */
  | { readonly type: 'compensation-decided'; readonly code: string; readonly step: string | null }
  | { readonly type: 'completed' }
  | { readonly type: 'compensated' };

/** What happened, before the journal gave it its place and time. */
export type Happening = StepEvent | UndoEvent | RunWideEvent;

/** What the journal holds. `seq` counts within the run from 1; `at` is in milliseconds since the epoch. */
export type Event = Happening & { readonly seq: number; readonly at: number };
export type EventType = Event['type'];
