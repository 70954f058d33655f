/** A trace's parts as text: `4 orchestrator client, 1 payment-service server …`. */
import { findParticipant } from '@baton/contracts';
import { orderPlan } from '@baton/e2e/order-plan';

/** How often each text comes. */
export function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The shape of spans, each by its service and kind. */
export function shapeOf(spans: Iterable<string>): string {
  const parts = Object.entries(tally(spans)).map(([what, count]) => `${count} ${what}`);
  return parts.toSorted().join(', ');
}

/** `queued` spans differ from run to run: an order has one only where it had to wait for its turn. */
export const isCounted = (name: string): boolean => name !== 'queued';

/** The services that an unharmed order calls. */
const called = orderPlan.map(
  ({ first: { participant } }) => findParticipant(participant)?.program ?? participant,
);

/** The trace of such an order: its request, its own span, its end, and for each step the attempt, the call and the service's span. */
export const completedShape: string = shapeOf([
  'orchestrator server',
  'orchestrator internal',
  'orchestrator internal',
  ...called.flatMap((service) => [
    'orchestrator internal',
    'orchestrator client',
    `${service} server`,
  ]),
]);
