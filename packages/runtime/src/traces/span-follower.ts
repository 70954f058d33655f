/** Reads what was committed, a batch at a time, and sends its spans. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Feed, FeedEvent } from '@baton/saga';
import { type SpanRecord, type Tracing, toReadableSpan } from '@baton/telemetry';
import { deliver, type Told } from './span-delivery.ts';
import { createTeller, type TellerOptions } from './span-teller.ts';
import type { TraceCursor } from './trace-cursor.ts';
import type { TraceProcesses } from './trace-processes.ts';

export interface FollowerOptions extends TellerOptions {
  readonly feed: Pick<Feed, 'start' | 'readKept' | 'behind'>;
  readonly tracing: Pick<Tracing, 'send'>;
  readonly processes: TraceProcesses;
  readonly cursor: TraceCursor;
  readonly clock: Clock;
}
/** `away`: the same is sent the next time. */
export type Outcome = 'sent' | 'sent a full batch' | 'away' | 'nothing';

/** Events in one batch; a span or three each. */
const batchMax = 512;
/** Events without spans wait for no collector: however many there are, they block nobody for longer. */
const turnMs = 10;

export function createFollower(options: FollowerOptions) {
  const { feed, tracing, processes, cursor, log } = options;
  const teller = createTeller(options);
  const breathe = createBreath(options.clock);
  let position = cursor.read() ?? feed.start;
  let hasClosed = false;

  const tellAll = async (events: readonly FeedEvent[]): Promise<Told[]> => {
    const told: Told[] = [];
    for (const { run, event } of events) {
      if (hasClosed) break;
      told.push({ run, seq: event.seq, spans: await teller.tell(run, event) });
      await breathe();
    }
    return told;
  };
  const send = async (spans: readonly SpanRecord[]) =>
    hasClosed
      ? 'away'
      : tracing.send(
          spans.map((span) => toReadableSpan(span, processes.find(span.startUs / 1_000))),
        );
  async function sendNext(): Promise<Outcome> {
    const events = await feed.readKept(position, batchMax);
    const last = events.at(-1);
    if (!last) return 'nothing';
    const givenUp = await deliver(await tellAll(events), send);
    if (hasClosed || givenUp === 'away') return 'away';
    for (const { run, seq } of givenUp)
      log.error({ orderId: run, seq }, 'an event has no spans: the collector refuses them');
    position = last.position;
    cursor.write(position);
    return events.length < batchMax ? 'sent' : 'sent a full batch';
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
    /** Events whose spans have not arrived yet. */
    readBacklog: async () => (hasClosed ? 0 : feed.behind(position)),
    /** The journal is read no more, also where the collector answers afterwards. */
    close: () => {
      hasClosed = true;
      cursor.close();
    },
  };
}

/** Lets the rest of the process have its turn where it has waited for long enough. */
function createBreath(clock: Pick<Clock, 'now'>) {
  let since = clock.now();
  return async (): Promise<void> => {
    if (clock.now() - since < turnMs) return;
    await nextTurn();
    since = clock.now();
  };
}
