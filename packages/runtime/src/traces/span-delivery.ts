/**
 * Gets a batch past a collector that refuses some of it. `span-export.ts` decides when to try again.
 *
 * 1. A refused batch is halved, down to one event, so that a bad event holds up none of the others.
 * 2. An event is given up only where another event of its batch arrived: if a collector refuses every event, the fault
 *    is the collector's (a TLS port answers 400 to everything), and no event is given up.
 */
import type { Delivery, SpanRecord } from '@baton/telemetry';

/** An event's spans. */
export interface Told {
  readonly run: string;
  readonly seq: number;
  readonly spans: readonly SpanRecord[];
}

/** The events that were given up, or `away`: then the whole batch must be sent again. */
export async function deliver(
  told: readonly Told[],
  send: (spans: readonly SpanRecord[]) => Promise<Delivery>,
): Promise<readonly Told[] | 'away'> {
  const speaking = told.filter(({ spans }) => spans.length > 0);
  const refused: Told[] = [];
  const left = speaking.length > 0 ? [speaking] : [];
  for (let part = left.pop(); part; part = left.pop()) {
    const delivery = await send(part.flatMap(({ spans }) => spans));
    if (delivery === 'away') return 'away';
    if (delivery === 'arrived') continue;
    if (part.length === 1) refused.push(...part);
    else left.push(...halve(part));
  }
  return refused.length > 0 && refused.length === speaking.length ? 'away' : refused;
}

/** The earlier half is last: it is taken first. */
function halve(part: readonly Told[]): Told[][] {
  const middle = Math.ceil(part.length / 2);
  return [part.slice(middle), part.slice(0, middle)];
}
