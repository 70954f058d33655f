/** How participants fare, as seen from here: whether they answer, their breakers, and whose data they answer from. */
import type { ParticipantState } from '@baton/contracts';
import type { Engine, GateView } from '@baton/saga';
import { toInstant } from '../order/instant.ts';
import type { Participants } from '../participants.ts';

export interface ParticipantsWatch {
  /** Of those that answered since the start. */
  incarnations(): Readonly<Record<string, string>>;
  /** By name: null until it was asked. Asks anew in the background. */
  answers(): Readonly<Record<string, boolean | null>>;
  states(): ParticipantState[];
}

export function createParticipantsWatch(
  participants: Participants,
  engine: Pick<Engine, 'gates'>,
  readHealth: () => Readonly<Record<string, string>>,
): ParticipantsWatch {
  const clients = byName(participants);
  const incarnations = (): Record<string, string> =>
    Object.fromEntries(
      Object.entries(clients).flatMap(([name, client]) => {
        const incarnation = client.incarnation?.();
        return incarnation === undefined ? [] : [[name, incarnation]];
      }),
    );
  const answers = () =>
    Object.fromEntries(Object.entries(readHealth()).map(([name, said]) => [name, toAnswer(said)]));
  return {
    incarnations,
    answers,
    states: () => {
      const known = incarnations();
      const gates = new Map(engine.gates().map((gate) => [gate.participant, gate]));
      return Object.entries(answers()).map(([name, isAnswering]) => ({
        name,
        answers: isAnswering,
        ...toBreakerState(gates.get(name)),
        incarnation: known[name] ?? null,
      }));
    },
  };
}

/** As the saga's steps name them. */
const byName = (participants: Participants) => ({
  'order-service': participants.orders,
  'inventory-service': participants.inventory,
  'payment-service': participants.payments,
  'payment-alternate': participants.alternatePayments,
  'notification-service': participants.notifications,
});

const toAnswer = (said: string): boolean | null =>
  said === 'not asked yet' ? null : said === 'answers';

const toBreakerState = (gate: GateView | undefined) => ({
  breaker: gate?.breaker ?? ('closed' as const),
  nextTryAt: gate?.nextTryAt == null ? null : toInstant(gate.nextTryAt),
  openings: gate?.openings ?? 0,
  inFlight: gate?.inFlight ?? 0,
  waiting: gate?.waiting ?? 0,
  parked: gate?.parked ?? 0,
});
