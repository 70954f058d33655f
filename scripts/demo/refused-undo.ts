import { count, pick } from './event-count.ts';
import { mugs } from './goods.ts';
import type { Finding, Scene, Story } from './story.ts';

async function askForRetry({ stage, orderId, until, note }: Scene): Promise<void> {
  await until(
    (events) =>
      count(events, 'undo-refused', 'reserve') > 0 &&
      count(events, 'undo-succeeded', 'validate') > 0,
  );
  const seen = await stage.client.getOrder(orderId);
  if (!seen.ok) throw new Error(`the order cannot be read: ${seen.code}`);
  note(`GET /orders/… says: ${seen.body.status}; owed: the undo of ${seen.body.owed.join(', ')}`);
  note('an operator looks, mends the cause, and sends POST /orders/…/retry');
  await stage.retry(orderId, 'inventory was mended');
}

const proveAsked = ({ events }: Scene): Finding[] => [
  {
    text: 'who asked for the retry, and why, stays in the journal; the stock was freed once',
    holds:
      pick(events(), 'retry-requested').some(({ reason }) => reason === 'inventory was mended') &&
      count(events(), 'undo-succeeded', 'reserve') === 1,
  },
];

export const refusedUndo: Story = {
  ...mugs,
  title: 'An undo is refused: somebody has to look',
  customer: 'Finn',
  token: 'tok_declined',
  trouble: 'the card is declined, and inventory refuses to free the stock.',
  faults: 'payment.process:decline|inventory.release:decline:times=1',
  act: askForRetry,
  ends: 'compensated',
  code: 'payment-declined',
  moral:
    'Baton says what is owed and goes on asking, every half minute here. An operator who knows more makes it due at once.',
  prove: proveAsked,
};
