import { paymentOperations } from '@baton/contracts/payment-service';
import { createClient } from '@baton/service-kit';
import { pick } from './event-count.ts';
import { teapot, teapotMinor } from './goods.ts';
import { untilArrived } from './payment-proof.ts';
import type { Finding, Scene, Story } from './story.ts';

/** Longer than all attempts at the first provider together, so that each arrives after the refund. */
const lateMs = 8_000;

/** Sends one more request by hand, when all have arrived. */
async function proveFenced(scene: Scene): Promise<Finding[]> {
  const { ledger, orderId, events } = scene;
  const tries = pick(events(), 'step-unknown').filter(({ way }) => way === 'pay');
  await untilArrived(scene, tries.at(-1)?.at ?? 0, lateMs);
  const row = ledger.fence('payment', `${orderId}:pay`);
  const isShut = row === 'TOMBSTONE';
  const answer = await payByHand(scene);
  const charged = ledger.payments(orderId);
  const elsewhere = ledger.payments(orderId, 'payment-alternate');
  return [
    {
      text: `payment-service's own table has for it ${isShut ? 'a tombstone: undone before it was ever done' : (row ?? 'nothing')}`,
      holds: isShut,
    },
    {
      text: `all ${tries.length} late payments have arrived since, and ${charged === 0 ? 'none' : charged} was charged; one more, sent by hand, is answered "${answer}"`,
      holds: charged === 0 && answer === 'refused: fenced',
    },
    {
      text: `payment-alternate charged ${elsewhere === 1 ? 'once' : `${elsewhere} times`}`,
      holds: elsewhere === 1,
    },
  ];
}

async function payByHand({ stage, orderId }: Scene): Promise<string> {
  const client = createClient(paymentOperations, { baseUrl: stage.urlOf('payment-service') });
  const amount = { amountMinor: teapotMinor, currency: 'EUR' as const };
  const reply = await client.process(
    { orderId, amount, method: 'card', token: 'tok_ok' },
    { key: `${orderId}:pay`, number: 1, signal: AbortSignal.timeout(5_000) },
  );
  await client.close();
  return reply.reply === 'ok' ? 'ok' : `${reply.reply}: ${reply.code}`;
}

export const latePayment: Story = {
  ...teapot,
  title: 'The payment arrives after its refund',
  customer: 'Hana',
  trouble: `each request to pay is held up for ${lateMs / 1_000} s on its way, and its connection is cut. (Placed when the demo began.)`,
  faults: `payment.process:late:ms=${lateMs}`,
  isEarly: true,
  ends: 'completed',
  moral:
    'Nobody could say whether the payment would still be taken, so Baton had it undone, and only then paid at the other provider. The refund came first, and shut the door.',
  prove: proveFenced,
};
