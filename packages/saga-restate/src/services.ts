/** What the cluster knows the objects by, and what can be asked of them. */
import type {
  Cancellation,
  Event,
  Happening,
  Intervention,
  RetryOptions,
  Submission,
} from '@baton/saga';
import type { Barrier } from '@baton/saga/run/lane';
import type {
  ObjectContext,
  ObjectSharedContext,
  VirtualObjectDefinition,
} from '@restatedev/restate-sdk';
import type { BreakerView, Copy, Outcome } from './breaker-state.ts';
import type { Ended, LaneView, Wanted } from './lane-state.ts';

export interface Submitted {
  readonly begin: Omit<Extract<Happening, { type: 'accepted' }>, 'type'>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly fingerprint: string;
}
/** When breakers closed last, where somebody knows: what waits for one of them is due. */
export type Healed = Readonly<Record<string, number>>;
export interface Driven {
  readonly healed?: Healed;
  /** Of a message that a run sends itself: when it was to come, in milliseconds since the epoch. */
  readonly wakeAt?: number;
  /** How often in a row it came to a replica without the run's definition. */
  readonly strayed?: number;
}
/** Events of one run, in order. */
export interface Told {
  readonly run: string;
  readonly events: readonly Event[];
  /** With the first event only. */
  readonly fingerprint?: string;
}
export interface FeedEntry extends Pick<Told, 'run' | 'fingerprint'> {
  readonly event: Event;
}
export interface FeedPage {
  /** The newest position. */
  readonly last: number;
  /** Those after the position that was asked for. */
  readonly entries: readonly FeedEntry[];
}
export interface Batch {
  readonly told: readonly Told[];
  /** Who is to hear that it was taken. */
  readonly buffer: string;
}
export interface FeedQuery {
  readonly after: number;
  readonly limit: number;
}

/** Handlers as their callers see them. */
type Handler<I, O> = (context: ObjectContext, input: I) => Promise<O>;
type Reader<I, O> = (context: ObjectSharedContext, input: I) => Promise<O>;
/** The build that was called does not know the run's definition: another one may. */
type Foreign = 'foreign';
export interface RunHandlers {
  submit: Handler<Submitted, Submission>;
  drive: Handler<Driven, void>;
  nudge: Reader<Driven, void>;
  cancel: Handler<string, Cancellation | Foreign>;
  retry: Handler<RetryOptions & { readonly reason: string }, Intervention | Foreign>;
  skip: Handler<{ readonly step: string; readonly reason: string }, Intervention | Foreign>;
  /** Its events, once nothing is left to do; not that it was there. False where it keeps them. */
  forget: (context: ObjectContext) => Promise<boolean>;
  read: (context: ObjectSharedContext) => Promise<readonly Event[] | null>;
}
export interface LaneHandlers {
  admit: Handler<Wanted, Barrier | null>;
  release: Handler<Ended, void>;
  hear: Handler<Copy, void>;
  /** Null for one that nobody asked yet. */
  view: (context: ObjectSharedContext) => Promise<LaneView | null>;
}
/** What a lane tells, and the era that it takes for the breaker's. */
export interface Learnt {
  readonly lane: number;
  readonly era: number;
  readonly outcomes: readonly Outcome[];
}
export interface BreakerHandlers {
  learn: Handler<Learnt, void>;
  probe: Handler<
    { readonly now: number; readonly until: number },
    { readonly copy: Copy; readonly isGranted: boolean }
  >;
  hasten: Handler<number, void>;
  view: (context: ObjectSharedContext) => Promise<BreakerView>;
}
export interface FeedHandlers {
  append: Handler<Batch, void>;
  read: Reader<FeedQuery, FeedPage>;
}

export interface BufferHandlers {
  tell: Handler<Told, void>;
  /** What it sent was taken. */
  sent: (context: ObjectContext) => Promise<void>;
}
export interface PageHandlers {
  keep: Handler<readonly FeedEntry[], void>;
  /** Null before it was kept. */
  read: (context: ObjectSharedContext) => Promise<readonly FeedEntry[] | null>;
}

/** The named boundary: a definition by its name alone. Callers need the type, never the code. */
const define = <H>(name: string) => ({ name }) as VirtualObjectDefinition<string, H>;

export const run = define<RunHandlers>('BatonRun');
export const lane = define<LaneHandlers>('BatonLane');
export const breaker = define<BreakerHandlers>('BatonBreaker');
export const feed = define<FeedHandlers>('BatonFeed');
export const buffer = define<BufferHandlers>('BatonBuffer');
export const page = define<PageHandlers>('BatonPage');
/** There is one feed. */
export const feedKey = 'all';
