/** Reads what was committed, a batch at a time, and sends its spans. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Journal } from '@baton/saga';
import { type SpanRecord, type Tracing, toReadableSpan } from '@baton/telemetry';
import { deliver, type Told } from './span-delivery.ts';
import { createTeller, type TellerOptions } from './span-teller.ts';
import type { TraceCursor } from './trace-cursor.ts';

export interface FollowerOptions extends TellerOptions {
  readonly journal: Pick<Journal, 'readKept' | 'readFeed' | 'readLast' | 'read'>;
  readonly tracing: Pick<Tracing, 'send' | 'resource'>;
  readonly cursor: TraceCursor;
  readonly clock: Clock;
}
/** `away`: the same is sent the next time. */
export type Outcome = 'sent' | 'sent a full batch' | 'away' | 'nothing';
type Feed = ReturnType<Journal['readKept']>;

/** Events in one batch; a span or three each. */
const batchMax = 256;
/** Events without spans wait for no collector: however many there are, they block nobody for longer. */
const turnMs = 10;

export function createFollower(options: FollowerOptions) {
  const { journal, tracing, cursor, log } = options;
  const teller = createTeller(options);
  const breathe = createBreath(options.clock);
  let position = findStart(journal, cursor.read());
  let hasClosed = false;

  const tellAll = async (feed: Feed): Promise<Told[]> => {
    const told: Told[] = [];
    for (const { run, event } of feed) {
      if (hasClosed) break;
      told.push({ run, seq: event.seq, spans: teller.tell(run, event) });
      await breathe();
    }
    return told;
  };
  const send = async (spans: readonly SpanRecord[]) =>
    hasClosed ? 'away' : tracing.send(spans.map((span) => toReadableSpan(span, tracing.resource)));
  async function sendNext(): Promise<Outcome> {
    const feed = journal.readKept(position, batchMax);
    const last = feed.at(-1);
    if (!last) return 'nothing';
    const givenUp = await deliver(await tellAll(feed), send);
    if (hasClosed || givenUp === 'away') return 'away';
    for (const { run, seq } of givenUp)
      log.error({ orderId: run, seq }, 'an event has no spans: the collector refuses them');
    position = last.position;
    cursor.write(position);
    return feed.length < batchMax ? 'sent' : 'sent a full batch';
  }
  return {
    async sendNext(): Promise<Outcome> {
      const outcome = await sendNext().catch((error): Outcome => {
        log.error({ err: error }, 'spans could not be sent');
        return 'away';
      });
      if (outcome === 'away') teller.forget();
      return outcome;
    },
    /** Events whose spans have not arrived yet. Behind the last one that was not pruned, there is none. */
    readBacklog: () =>
      hasClosed || journal.readKept(position, 1).length === 0 ? 0 : journal.readLast() - position,
    /** The journal is read no more, also where the collector answers afterwards. */
    close: () => {
      hasClosed = true;
      cursor.close();
    },
  };
}

/** Lets the rest of the process have its turn where it has waited for long enough. */
const createBreath = (clock: Pick<Clock, 'now'>) => {
  let since = clock.now();
  return async (): Promise<void> => {
    if (clock.now() - since < turnMs) return;
    await nextTurn();
    since = clock.now();
  };
};

/** A place beyond the end belongs to another journal: this one is sent from its beginning. */
const findStart = (journal: FollowerOptions['journal'], position: number): number =>
  journal.readFeed(position, 1) === undefined && journal.readKept(position, 1).length === 0
    ? 0
    : position;
