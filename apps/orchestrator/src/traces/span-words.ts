/** What the spans of a call say of its reply. */
import type { TriedEvent } from '@baton/saga';
import type { SpanAttributes } from '@baton/telemetry';
import { findTelling } from '../order/event-table.ts';

export const describeTry = (event: TriedEvent): SpanAttributes => {
  const { reply } = findTelling(event.type);
  return {
    // What was never sent is no attempt: the next one has its number.
    'baton.attempt': reply === 'unsent' ? undefined : event.attempt,
    'baton.reply': reply,
    'baton.code': 'code' in event ? event.code : undefined,
    'baton.fault': /^injected (\S+)$/.exec(event.note ?? '')?.[1],
    'baton.interrupted': 'interrupted' in event ? true : undefined,
  };
};

/** Why a call failed, in a few words; null when it did not. */
export function describeCall(event: TriedEvent): string | null {
  const { direction, reply } = findTelling(event.type);
  const code = 'code' in event ? event.code : '';
  switch (reply) {
    case 'ok':
      return null;
    case 'refused':
      return `refused: ${code}`;
    case 'unsent':
      return `${code}: nobody took it, so it was never sent`;
    case 'unknown':
      return 'interrupted' in event
        ? 'the orchestrator ended before an answer came: whether it was done is not known'
        : `${code}: whether it was ${direction === 'undo' ? 'undone' : 'done'} is not known`;
    default:
      return reply satisfies never;
  }
}
