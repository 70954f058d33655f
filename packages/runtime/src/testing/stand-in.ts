/** Participants without services behind them, for tests of the orchestrator alone. Each answer can be replaced. */
import { isFenced, mapParticipants, type Operation } from '@baton/contracts';
import type { Participants } from '../participants.ts';

type Override = { readonly [K in keyof Participants]?: Partial<Participants[K]> };

export interface Asked {
  readonly operation: string;
  readonly key: string;
  readonly body: unknown;
  readonly context: unknown;
}

/** Effects and undos answer their contract's example; reads answer that nobody is there. */
export function createStandIns(override: Override = {}): {
  participants: Participants;
  asked: Asked[];
} {
  const asked: Asked[] = [];
  const answer =
    (operation: string, reply: unknown) =>
    async (body: { readonly orderId: string }, attempt: { key: string; context?: unknown }) => {
      asked.push({ operation, key: attempt.key, body, context: attempt.context });
      return { reply: 'ok' as const, output: { ...Object(reply), orderId: body.orderId } };
    };
  const unread = async () => ({ ok: false as const, code: 'connection-refused' });
  const standIn = ([verb, operation]: readonly [string, Operation]) =>
    [verb, isFenced(operation) ? answer(verb, operation.examples.reply) : unread] as const;
  const participants = mapParticipants(({ name, operations }) => ({
    ready: unread,
    close: async () => {},
    ...Object.fromEntries(Object.entries(operations).map(standIn)),
    ...override[name],
    // Made from the list whose types it gets.
  })) as unknown as Participants;
  return { participants, asked };
}
