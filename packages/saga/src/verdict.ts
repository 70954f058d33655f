import type { Verdict } from './breaker.ts';
import type { Reply } from './reply.ts';

/**
 * What blames the request is an answer too. A throw is taken for a participant that does not answer, since that is what
 * a client makes of it; a call that this side broke off, `null`, says nothing.
 */
export function toVerdict(reply: Reply<unknown> | null): Verdict {
  if (reply === null) return 'nothing';
  if (reply.reply === 'ok' || reply.reply === 'refused') return 'healthy';
  return reply.reply === 'unknown' && reply.retriable === false ? 'healthy' : 'failing';
}
