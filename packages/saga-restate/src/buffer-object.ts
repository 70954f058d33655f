/**
 * Some objects that stand between the runs and the one feed: while the feed takes what one of them sent, that one gathers
 * what comes, and sends it as a whole. The more there is to tell, the more goes with each message.
 *
 * 1. What one run tells stays in order: it always goes through the same buffer, which has one message under way.
 */
import { toPartition } from './partition.ts';
import { type BufferHandlers, feed, feedKey, type Told } from './services.ts';

interface Stored {
  readonly waiting: readonly Told[];
  readonly isSending: boolean;
}
const idle: Stored = { waiting: [], isSending: false };
const buffersMax = 8;
const batchMax = 200;

export const findBuffer = (id: string): string => String(toPartition(id, buffersMax));

export const bufferHandlers: BufferHandlers = {
  async tell(context, told) {
    const { waiting, isSending } = (await context.get<Stored>('stored')) ?? idle;
    if (!isSending)
      context.objectSendClient(feed, feedKey).append({ told: [told], buffer: context.key });
    context.set('stored', { waiting: isSending ? [...waiting, told] : waiting, isSending: true });
  },
  async sent(context) {
    const { waiting } = (await context.get<Stored>('stored')) ?? idle;
    const told = waiting.slice(0, batchMax);
    const isSending = told.length > 0;
    if (isSending) context.objectSendClient(feed, feedKey).append({ told, buffer: context.key });
    context.set('stored', { waiting: waiting.slice(batchMax), isSending });
  },
};
