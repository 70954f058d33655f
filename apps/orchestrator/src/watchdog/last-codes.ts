/** What the last call that failed at each participant ended with, so that an alert can name it. */
import type { Event, Feed, Saga } from '@baton/saga';
import { findDefinition } from '../order/definition.ts';
import { findWay } from '../order/order-view.ts';

const failures = [
  'step-unsent',
  'step-unknown',
  'undo-unsent',
  'undo-unknown',
] as const satisfies readonly Event['type'][];
type Failure = Extract<Event, { type: (typeof failures)[number] }>;

const isFailure = (event: Event): event is Failure => failures.some((type) => type === event.type);

export function rememberCodes(
  feed: Pick<Feed, 'subscribe'>,
  sagas: readonly Saga<unknown>[],
): (participant: string) => string | null {
  const codes = new Map<string, string>();
  feed.subscribe(({ event, state }) => {
    if (!isFailure(event)) return;
    const participant = findWay(findDefinition(sagas, state), event.way)?.participant;
    if (participant !== undefined) codes.set(participant, event.code);
  });
  return (participant) => codes.get(participant) ?? null;
}
