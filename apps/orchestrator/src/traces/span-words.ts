/** What the spans of a call say of its reply. */
import type { TriedEvent } from '@baton/saga';
import type { SpanAttributes } from '@baton/telemetry';
import { toReply } from '../order/order-view.ts';

export const describeTry = (event: TriedEvent): SpanAttributes => ({
  // What was never sent is no attempt: the next one has its number.
  'baton.attempt': toReply(event) === 'unsent' ? undefined : event.attempt,
  'baton.reply': toReply(event),
  'baton.code': 'code' in event ? event.code : undefined,
  'baton.fault': /^injected (\S+)$/.exec(event.note ?? '')?.[1],
  'baton.interrupted':
    event.type === 'step-unknown' && event.interrupted === true ? true : undefined,
});

/** Why a call failed, in a few words; null when it did not. */
export function describeCall(event: TriedEvent): string | null {
  switch (event.type) {
    case 'step-succeeded':
    case 'undo-succeeded':
      return null;
    case 'step-refused':
    case 'undo-refused':
      return `refused: ${event.code}`;
    case 'step-unsent':
    case 'undo-unsent':
      return `${event.code}: nobody took it, so it was never sent`;
    case 'step-unknown':
      return event.interrupted
        ? 'the orchestrator ended before an answer came: whether it was done is not known'
        : `${event.code}: whether it was done is not known`;
    case 'undo-unknown':
      return `${event.code}: whether it was undone is not known`;
    default:
      return event satisfies never;
  }
}
