/** What a trace consists of, as text: `4 orchestrator client, 1 payment-service server …`. */
import { findParticipant } from '@baton/contracts';
import { orderPlan } from '@baton/e2e/order-plan';

/** How often each is there. */
export function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Of spans, each by its service and kind. */
export function shapeOf(spans: Iterable<string>): string {
  const parts = Object.entries(tally(spans)).map(([what, count]) => `${count} ${what}`);
  return parts.toSorted().join(', ');
}

/** One is there only where an order had to wait for its turn, which no two runs have in common. */
export const isCounted = (name: string): boolean => name !== 'queued';

/** The services that are called for one order that nothing befalls. */
const called = orderPlan.map(
  ({ first: { participant } }) => findParticipant(participant)?.program ?? participant,
);

/** What the trace of such an order has: its request, itself, its end, and for each step itself, its call and the service. */
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
