/** Whether participants answer, for whoever asks about readiness. Reported, never required: orders wait for them. */
import type { Participants } from '../participants.ts';

type Answer = 'not asked yet' | 'answers' | 'does not answer';

/** An answer older than this is asked for anew; whoever asked gets the one before. */
const freshMs = 1_000;
const patienceMs = 1_000;

/** Found by an index, where the newest payments come with totals over all that there ever were. */
const nobody = { params: { id: 'ord_0' } };

/** Asks nobody until somebody wants to know. */
export function createParticipantHealth(participants: Participants, now: () => number) {
  const { orders, inventory, payments, alternatePayments, notifications } = participants;
  const asks = {
    'order-service': (signal: AbortSignal) => orders.getCatalog({}, { signal }),
    'inventory-service': (signal: AbortSignal) => inventory.getStock({}, { signal }),
    'payment-service': (signal: AbortSignal) => payments.getOrderPayments(nobody, { signal }),
    'payment-alternate': (signal: AbortSignal) =>
      alternatePayments.getOrderPayments(nobody, { signal }),
    'notification-service': (signal: AbortSignal) =>
      notifications.getNotifications({ query: { limit: 1 } }, { signal }),
  };
  const answers = new Map<string, Answer>(Object.keys(asks).map((name) => [name, 'not asked yet']));
  let askedAt = Number.NEGATIVE_INFINITY;
  return (): Readonly<Record<string, Answer>> => {
    if (now() - askedAt >= freshMs) {
      askedAt = now();
      for (const [name, ask] of Object.entries(asks)) {
        void ask(AbortSignal.timeout(patienceMs)).then(({ ok }) =>
          answers.set(name, ok ? 'answers' : 'does not answer'),
        );
      }
    }
    return Object.fromEntries(answers);
  };
}
