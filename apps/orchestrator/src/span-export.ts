/**
 * Sends the spans of orders to a collector, by following the journal. Not what spans say: that is `order-spans.ts`.
 *
 * 1. The journal is the queue: whatever was committed is sent, also after a crash, and after a collector was away.
 * 2. The place is remembered after a batch arrived, so that a batch may be sent twice, and never not at all. Sent
 *    twice it is the same, byte for byte, and a collector shows it once.
 * 3. What is kept in memory is bounded; an order that was dropped from it is read again.
 */
import type { Clock, Event, Journal, RunState, Saga } from '@baton/saga';
import { type Log, type SpanRecord, type Tracing, toReadableSpan } from '@baton/telemetry';
import { project } from './order-spans.ts';
import type { Progress } from './span-outline.ts';
import type { TraceCursor } from './trace-cursor.ts';

export interface SpanExportOptions {
  readonly journal: Pick<Journal, 'readKept' | 'readFeed' | 'read'>;
  readonly sagas: readonly Saga<unknown>[];
  readonly tracing: Pick<Tracing, 'send' | 'resource'>;
  readonly cursor: TraceCursor;
  readonly clock: Clock;
  readonly log: Pick<Log, 'error'>;
}
export interface SpanExport {
  /** Something was committed. */
  readonly stir: () => void;
  /** Sends what is there, if the collector takes it at once, and ends. */
  readonly stop: () => Promise<void>;
}

/** Events in one batch; a span or three each. */
const batchMax = 256;
/** Committed events are collected for this long. */
const delayMs = 100;
const pauseMinMs = 1_000;
const pauseMaxMs = 30_000;
const ordersMax = 5_000;
/** A collector that hangs holds the end up no longer. */
const stopMaxMs = 500;

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.setTimer(ms, resolve);
  });

export function startSpanExport(options: SpanExportOptions): SpanExport {
  const { clock, log } = options;
  const follower = createFollower(options);
  let cancelTimer: (() => void) | null = null;
  let working: Promise<void> | null = null;
  let pauseMs = 0;
  let hasStopped = false;
  let hasClosed = false;
  /** Something was committed since the journal was read. */
  let isStirred = false;
  const plan = (inMs: number): void => {
    if (hasStopped || cancelTimer) return;
    cancelTimer = clock.setTimer(inMs, () => {
      cancelTimer = null;
      working = work();
    });
  };
  /** What was told is told again after a failure: it must be begun where it began. */
  async function sendNext(): Promise<Outcome> {
    const outcome = await follower.sendNext().catch((error): Outcome => {
      log.error({ err: error }, 'spans could not be sent');
      return 'refused';
    });
    if (outcome === 'refused') follower.forget();
    return outcome;
  }
  async function work(): Promise<void> {
    for (;;) {
      isStirred = false;
      const outcome = await sendNext();
      if (outcome === 'refused') {
        pauseMs = Math.min(pauseMaxMs, Math.max(pauseMinMs, pauseMs * 2));
        working = null;
        return plan(pauseMs);
      }
      pauseMs = 0;
      if (outcome === 'sent a full batch' && !hasStopped) continue;
      working = null;
      // What was committed meanwhile is collected again: sent at once, it would be a batch of next to nothing.
      return outcome === 'nothing' && !isStirred ? undefined : plan(delayMs);
    }
  }
  async function drain(): Promise<void> {
    await working;
    while (!hasClosed && (await sendNext()).startsWith('sent'));
  }
  plan(delayMs);
  return {
    stir: () => {
      isStirred = true;
      if (!working) plan(delayMs);
    },
    stop: async () => {
      hasStopped = true;
      cancelTimer?.();
      await Promise.race([drain(), pause(clock, stopMaxMs)]);
      // The journal may be closed from here on.
      hasClosed = true;
      follower.close();
    },
  };
}

type Outcome = 'sent' | 'sent a full batch' | 'refused' | 'nothing';

function createFollower({ journal, sagas, tracing, cursor, log }: SpanExportOptions) {
  const orders = new Map<string, Progress>();
  const findSaga = ({ saga, version }: RunState) =>
    sagas.find((known) => known.name === saga && known.version === version);
  let position = findStart(journal, cursor.read());

  const recall = (run: string, event: Event): Progress | null => {
    const known = orders.get(run);
    if (known || event.seq === 1) return known ?? null;
    const earlier = journal.read(run)?.events.filter(({ seq }) => seq < event.seq) ?? [];
    return earlier.reduce<Progress | null>(
      (before, past) => project({ run, event: past }, before, findSaga).after,
      null,
    );
  };
  const remember = (run: string, after: Progress): void => {
    orders.delete(run);
    if (after.state.settledAt === null) orders.set(run, after);
    const [oldest] = orders.keys();
    if (orders.size > ordersMax && oldest !== undefined) orders.delete(oldest);
  };
  /** An order whose events make no sense must not hold up the others. */
  const tell = (run: string, event: Event): readonly SpanRecord[] => {
    try {
      const { spans, after } = project({ run, event }, recall(run, event), findSaga);
      remember(run, after);
      return spans;
    } catch (error) {
      log.error({ err: error, orderId: run }, 'an event could not be traced');
      return [];
    }
  };

  return {
    async sendNext(): Promise<Outcome> {
      const feed = journal.readKept(position, batchMax);
      const last = feed.at(-1);
      if (!last) return 'nothing';
      const spans = feed.flatMap(({ run, event }) => tell(run, event));
      const readable = spans.map((span) => toReadableSpan(span, tracing.resource));
      if (readable.length > 0 && !(await tracing.send(readable))) return 'refused';
      position = last.position;
      cursor.write(position);
      return feed.length < batchMax ? 'sent' : 'sent a full batch';
    },
    forget: () => orders.clear(),
    close: () => cursor.close(),
  };
}

/** A place beyond the end belongs to another journal: this one is sent from its beginning. */
const findStart = (journal: SpanExportOptions['journal'], position: number): number =>
  journal.readFeed(position, 1) === undefined && journal.readKept(position, 1).length === 0
    ? 0
    : position;
