/**
 * Sends the spans of orders to a collector, by following the journal. Not what spans say: that is `order-spans.ts`.
 *
 * 1. The journal is the queue: every committed event is sent, also after a crash, and after the collector was away.
 * 2. The position is stored after a batch arrived, so that a batch may be sent twice, and is sent at least once. Sent
 *    twice it is the same, byte for byte, and a collector shows it once.
 * 3. The export holds up nobody and nothing holds it up: it works in short turns, waits for no answer without end, and
 *    passes an event whose spans are refused (`span-delivery.ts`).
 * 4. What is kept in memory is bounded; an order that was dropped from it is read again.
 */
import type { Clock } from '@baton/saga';
import { createFollower, type FollowerOptions } from './span-follower.ts';

export type SpanExportOptions = FollowerOptions;
export interface SpanExport {
  /** Something was committed. */
  readonly stir: () => void;
  /** How many events were committed whose spans have not arrived. */
  readonly readBacklog: () => Promise<number>;
  /** Sends the spans that are there, if the collector takes them at once, and ends. */
  readonly stop: () => Promise<void>;
}

/** Committed events are collected for this long. */
const delayMs = 250;
const pauseMinMs = 1_000;
const pauseMaxMs = 30_000;
/** A collector that hangs delays the end no longer than this. */
const stopMaxMs = 500;

export function startSpanExport(options: SpanExportOptions): SpanExport {
  const follower = createFollower(options);
  const rest = createRest(options.clock);
  let hasClosed = false;
  async function follow(): Promise<void> {
    let pauseMs = 0;
    await rest.take(delayMs);
    while (!rest.isOver()) {
      rest.watch();
      const outcome = await follower.sendNext();
      pauseMs = outcome === 'away' ? toNextPause(pauseMs) : 0;
      if (outcome === 'sent a full batch') continue;
      if (outcome === 'nothing') await rest.untilStirred();
      // Events committed meanwhile are collected first: sent at once, they would be a batch of next to nothing.
      await rest.take(pauseMs || delayMs);
    }
  }
  async function drain(): Promise<void> {
    await following;
    while (!hasClosed && (await follower.sendNext()).startsWith('sent'));
  }
  const following = follow();
  return {
    stir: rest.stir,
    readBacklog: follower.readBacklog,
    stop: async () => {
      rest.end();
      await Promise.race([drain(), pause(options.clock, stopMaxMs)]);
      // The journal may be closed from here on.
      hasClosed = true;
      follower.close();
    },
  };
}

const toNextPause = (pauseMs: number): number =>
  Math.min(pauseMaxMs, Math.max(pauseMinMs, pauseMs * 2));

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.setTimer(ms, resolve);
  });

/** Between two batches: some time, or until there is something to do. Once ended, no rest takes any time. */
function createRest(clock: Clock) {
  let isOver = false;
  /** Something was committed since the journal was read. */
  let isStirred = false;
  let wake = (): void => {};
  let ring = (): void => {};
  return {
    take: (ms: number) =>
      new Promise<void>((resolve) => {
        if (isOver) return resolve();
        const callOff = clock.setTimer(ms, resolve);
        wake = () => {
          callOff();
          resolve();
        };
      }),
    watch: () => {
      isStirred = false;
    },
    untilStirred: () =>
      new Promise<void>((resolve) => {
        if (isOver || isStirred) return resolve();
        ring = resolve;
      }),
    stir: () => {
      isStirred = true;
      ring();
    },
    end: () => {
      isOver = true;
      wake();
      ring();
    },
    isOver: () => isOver,
  };
}
