/** What an order waits for between two calls of a way, from its events. Pure. */
import type { Event, EventType } from '@baton/saga';
import { findTelling, type Telling } from '../run/event-table.ts';

export interface Wait {
  /** `forward pay`, `undo reserve` … */
  readonly key: string;
  /** `stuck`: out of attempts, or refused, and tried all the same. */
  readonly reason: 'retry' | 'stuck' | 'breaker-open';
  /** Why it has to. */
  readonly code: string;
  /** In milliseconds since the epoch. */
  readonly from: number;
  /** When it was to be over; endless while a breaker is open. */
  readonly to: number;
  /** `to`, before an event ended it. */
  readonly plannedTo: number;
}
export type Waits = Readonly<Record<string, Wait>>;

export const noWaits: Waits = {};

/** How long a decision takes to be committed, generously. */
const decisionMs = 10;

/** An event about a way: its own word for the direction, or the one in its name. */
type WayEvent = Extract<Event, { way: string }>;
const toKey = (event: WayEvent): string =>
  `${'direction' in event ? event.direction : findTelling(event.type).direction} ${event.way}`;

/** The waits that this event ends, with their true length, and the others. */
export function takeWaits(
  waits: Waits,
  event: Event,
): { readonly taken: readonly Wait[]; readonly left: Waits } {
  const { ends } = findTelling(event.type);
  const ended = Object.values(waits).filter((wait) => isOver[ends](wait, event));
  if (ended.length === 0) return { taken: ended, left: waits };
  const until = 'startedAt' in event ? Math.min(event.startedAt, event.at) : event.at;
  // A time as short as a decision's commit was no wait.
  const shortestMs = 'startedAt' in event ? 1 : decisionMs;
  const taken = ended
    .map((wait) => ({ ...wait, to: Math.min(wait.to, until) }))
    .filter(({ from, to }) => to - from >= shortestMs);
  const left = Object.values(waits).filter((wait) => !ended.includes(wait));
  return { taken, left: Object.fromEntries(left.map((wait) => [wait.key, wait])) };
}

const isOver = {
  none: () => false,
  own: ({ key }, event) => 'way' in event && key === toKey(event),
  forward: ({ key }) => key.startsWith('forward '),
  timed: ({ reason }) => reason !== 'breaker-open',
  all: () => true,
} satisfies Record<Telling<EventType>['ends'], (wait: Wait, event: Event) => boolean>;

/** Adds the wait that begins with this event, if there is one. */
export function startWait(waits: Waits, event: Event): Waits {
  const wait = toWait(event);
  return wait ? { ...waits, [wait.key]: wait } : waits;
}

function toWait(event: Event): Wait | undefined {
  if (event.type === 'step-parked' || event.type === 'undo-parked')
    return toWaitUntil(Number.POSITIVE_INFINITY, event, 'breaker-open');
  if (!('retryAt' in event) || event.retryAt <= event.at) return undefined;
  const isStuck = 'exhausted' in event && event.exhausted;
  return toWaitUntil(event.retryAt, event, isStuck ? 'stuck' : 'retry');
}

const toWaitUntil = (
  to: number,
  event: Extract<WayEvent, { code: string }>,
  reason: Wait['reason'],
): Wait => ({ key: toKey(event), reason, code: event.code, from: event.at, to, plannedTo: to });
