/** What an order waits for between two calls of a way, from its events. Pure. */
import type { Direction, Event } from '@baton/saga';

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

export const toWaitKey = (direction: Direction, way: string): string => `${direction} ${way}`;

/** How long a decision takes to be committed, generously. */
const decisionMs = 10;

/** The direction that a type of event speaks of. */
const directionOf = (type: Event['type']): Direction =>
  type.startsWith('undo-') ? 'undo' : 'forward';

/** The waits that are over with this event, as long as they were in the end, and the others. */
export function takeWaits(
  waits: Waits,
  event: Event,
): { readonly taken: readonly Wait[]; readonly left: Waits } {
  const isOver = toEndOf(event);
  const ended = Object.values(waits).filter(isOver);
  const until = 'startedAt' in event ? Math.min(event.startedAt, event.at) : event.at;
  // What is decided at once was not waited for.
  const shortestMs = 'startedAt' in event ? 1 : decisionMs;
  const taken = ended
    .map((wait) => ({ ...wait, to: Math.min(wait.to, until) }))
    .filter(({ from, to }) => to - from >= shortestMs);
  const left = Object.values(waits).filter((wait) => !ended.includes(wait));
  return { taken, left: Object.fromEntries(left.map((wait) => [wait.key, wait])) };
}

function toEndOf(event: Event): (wait: Wait) => boolean {
  switch (event.type) {
    case 'alternate-chosen':
    case 'step-deferred':
    case 'compensation-decided':
      return ({ key }) => key.startsWith('forward ');
    case 'retry-requested':
      // The breaker is still to be waited for.
      return ({ reason }) => reason !== 'breaker-open';
    case 'quarantined':
    case 'completed':
    case 'compensated':
      return () => true;
    case 'written-off':
    case 'attempt-started':
      return ({ key }) => key === toWaitKey(event.direction, event.way);
    case 'accepted':
    case 'cancel-requested':
    case 'recovered':
      return () => false;
    default:
      return ({ key }) => key === toWaitKey(directionOf(event.type), event.way);
  }
}

/** With the wait that begins with this event, if one does. */
export function startWait(waits: Waits, event: Event): Waits {
  const wait = toWait(event);
  return wait ? { ...waits, [wait.key]: wait } : waits;
}

function toWait(event: Event): Wait | undefined {
  if (event.type === 'step-parked' || event.type === 'undo-parked') {
    const key = toWaitKey(directionOf(event.type), event.way);
    const to = Number.POSITIVE_INFINITY;
    return { key, reason: 'breaker-open', code: event.code, from: event.at, to, plannedTo: to };
  }
  if (!('retryAt' in event) || event.retryAt <= event.at) return undefined;
  const key = toWaitKey(directionOf(event.type), event.way);
  const to = event.retryAt;
  const reason = 'exhausted' in event && event.exhausted ? 'stuck' : 'retry';
  return { key, reason, code: event.code, from: event.at, to, plannedTo: to };
}
