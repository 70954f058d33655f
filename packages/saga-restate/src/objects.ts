/** The handlers as the objects that a cluster knows: which write, which only read, and which the ingress refuses. */
import * as restate from '@restatedev/restate-sdk';
import {
  type BreakerHandlers,
  type BufferHandlers,
  breaker,
  buffer,
  type FeedHandlers,
  feed,
  type LaneHandlers,
  lane,
  type PageHandlers,
  page,
  type RunHandlers,
  run,
} from './services.ts';

export interface Handlers {
  readonly run: RunHandlers;
  readonly lane: LaneHandlers;
  readonly breaker: BreakerHandlers;
  readonly feed: FeedHandlers;
  readonly page: PageHandlers;
  readonly buffer: BufferHandlers;
}

const { exclusive, shared } = restate.handlers.object;
/** Only other handlers call it. */
const isPrivate = { ingressPrivate: true } as const;

/** Its answer is kept for whoever asks again at once, under the same key. */
const isRepeated = { idempotencyRetention: 60_000 } as const;

export const toObjects = (handlers: Handlers) => [
  restate.object({
    name: run.name,
    handlers: {
      submit: exclusive(isRepeated, handlers.run.submit),
      cancel: exclusive(isRepeated, handlers.run.cancel),
      retry: exclusive(isRepeated, handlers.run.retry),
      skip: exclusive(isRepeated, handlers.run.skip),
      drive: exclusive(isPrivate, handlers.run.drive),
      nudge: shared(isRepeated, handlers.run.nudge),
      forget: exclusive(handlers.run.forget),
      read: shared(handlers.run.read),
    },
  }),
  restate.object({
    name: lane.name,
    handlers: {
      admit: exclusive(isPrivate, handlers.lane.admit),
      release: exclusive(isPrivate, handlers.lane.release),
      hear: exclusive(isPrivate, handlers.lane.hear),
      view: shared(handlers.lane.view),
    },
  }),
  restate.object({
    name: breaker.name,
    handlers: {
      learn: exclusive(isPrivate, handlers.breaker.learn),
      probe: exclusive(isPrivate, handlers.breaker.probe),
      hasten: exclusive(isPrivate, handlers.breaker.hasten),
      view: shared(handlers.breaker.view),
    },
  }),
  restate.object({
    name: feed.name,
    handlers: {
      append: exclusive(isPrivate, handlers.feed.append),
      read: shared(handlers.feed.read),
    },
  }),
  restate.object({
    name: buffer.name,
    handlers: {
      tell: exclusive(isPrivate, handlers.buffer.tell),
      sent: exclusive(isPrivate, handlers.buffer.sent),
    },
  }),
  restate.object({
    name: page.name,
    handlers: {
      keep: exclusive(isPrivate, handlers.page.keep),
      read: shared(isPrivate, handlers.page.read),
    },
  }),
];

/**
 * A journal that is kept would keep an order's secrets. An invocation is tried until it is done: one that is paused would
 * hold its run up until a person saw it. One that an administrator cancels goes on: a run is cancelled by its route.
 */
export const objectOptions = {
  journalRetention: 0,
  idempotencyRetention: 0,
  explicitCancellation: true,
  retryPolicy: {
    initialInterval: 50,
    maxInterval: 2_000,
    exponentiationFactor: 2,
    maxAttempts: 1_000_000_000,
  },
} as const;
