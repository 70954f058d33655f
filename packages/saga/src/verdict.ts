import type { Verdict } from './breaker.ts';
import type { Reply } from './reply.ts';

/** What blames the request is an answer too; what never left this process, or broke in it, says nothing. */
export function toVerdict(reply: Reply<unknown> | null): Verdict {
  if (reply === null || ('code' in reply && reply.code === 'threw')) return 'nothing';
  if (reply.reply === 'ok' || reply.reply === 'refused') return 'healthy';
  return reply.reply === 'unknown' && reply.retriable === false ? 'healthy' : 'failing';
}
