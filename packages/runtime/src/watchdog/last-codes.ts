/** What the last call that failed at each participant ended with, so that an alert can name it. */
import type { Feed, Saga } from '@baton/saga';
import { findDefinition } from '../run/definition.ts';
import { findTelling } from '../run/event-table.ts';
import { findWay } from '../run/run-view.ts';

export function rememberCodes(
  feed: Pick<Feed, 'subscribe'>,
  sagas: readonly Saga<unknown>[],
): (participant: string) => string | null {
  const codes = new Map<string, string>();
  feed.subscribe(({ event, state }) => {
    if (!('retryAt' in event) || findTelling(event.type).reply === 'refused') return;
    const participant = findWay(findDefinition(sagas, state), event.way)?.participant;
    if (participant !== undefined) codes.set(participant, event.code);
  });
  return (participant) => codes.get(participant) ?? null;
}
