/** Whether participants answer, for whoever asks about readiness. Reported, never required: orders wait for them. */
import type { Saga } from '@baton/saga';
import type { Participants } from '../participants.ts';

/** `not asked`: a step calls it, and which of its reads would say how it fares is not known here. */
type Answer = 'not asked' | 'not asked yet' | 'answers' | 'does not answer';

/** An answer older than this is asked for anew; whoever asked gets the one before. */
const freshMs = 1_000;
const patienceMs = 1_000;

/** Found by an index, where the newest payments come with totals over all that there ever were. */
const nobody = { params: { id: 'ord_0' } };

/** Asks nobody until somebody wants to know. */
export function createParticipantHealth(
  participants: Participants,
  sagas: readonly Saga<unknown>[],
  now: () => number,
) {
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
  for (const name of findCalled(sagas)) if (!answers.has(name)) answers.set(name, 'not asked');
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

const findCalled = (sagas: readonly Saga<unknown>[]): string[] =>
  sagas.flatMap(({ plan }) =>
    plan.flatMap(({ first, alternate }) => [
      first.participant,
      ...(alternate ? [alternate.participant] : []),
    ]),
  );
