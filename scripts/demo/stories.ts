/** All kinds of trouble, in the order in which they are told. */
import { count } from './event-count.ts';
import { fullQueue } from './full-queue.ts';
import { mugs, teapot } from './goods.ts';
import { latePayment } from './late-payment.ts';
import { outage } from './outage.ts';
import { proveOnce } from './payment-proof.ts';
import { refusedUndo } from './refused-undo.ts';
import type { Story } from './story.ts';
import { takeover } from './takeover.ts';

export const stories: readonly Story[] = [
  {
    ...mugs,
    title: 'All is well',
    customer: 'Ada',
    trouble: 'none.',
    ends: 'completed',
    moral: 'The services were asked in turn; each result was on disk before the next was asked.',
  },
  {
    ...mugs,
    title: 'The card is declined',
    customer: 'Ben',
    token: 'tok_declined',
    trouble: 'the card has no money.',
    ends: 'compensated',
    code: 'payment-declined',
    moral: 'Baton undid what was done, in reverse order.',
    prove: ({ ledger, orderId }) => {
      const rows = [
        ledger.fence('inventory', `${orderId}:reserve`),
        ledger.fence('order', `${orderId}:validate`),
      ];
      return [
        {
          text: 'the stock is free again, the order cancelled',
          holds: rows.every((row) => row === 'UNDONE'),
        },
      ];
    },
  },
  {
    ...teapot,
    title: "The payment's answer is lost",
    customer: 'Cleo',
    trouble: 'the money is taken, and the connection breaks before the answer.',
    faults: 'payment.process:lost-reply:times=1',
    ends: 'completed',
    moral:
      'Baton asked again under the same key; the payment service knew it, and answered as before.',
    prove: proveOnce,
  },
  {
    title: 'Sold out',
    customer: 'Dan',
    what: 'a first edition',
    sku: 'first-edition',
    quantity: 1,
    token: 'tok_ok',
    trouble: 'there is none left.',
    ends: 'compensated',
    code: 'out-of-stock',
    moral: 'Nothing was held and nobody was charged; only the order had to be cancelled.',
    prove: ({ ledger, orderId }) => [
      {
        text: 'payment was never asked',
        holds: ledger.fence('payment', `${orderId}:pay`) === undefined,
      },
    ],
  },
  {
    ...mugs,
    title: 'Even the undo fails',
    customer: 'Eva',
    token: 'tok_declined',
    trouble:
      'the card is declined, and inventory answers 503 to the first 3 requests to free the stock.',
    faults: 'inventory.release:status:status=503:times=3',
    ends: 'compensated',
    code: 'payment-declined',
    moral:
      'What is owed stays owed: Baton asked until the stock was free. Nothing else had to wait for it.',
    prove: ({ events }) => [
      {
        text: 'the undo failed 3 times, then was done once',
        holds:
          count(events(), 'undo-unknown', 'reserve') >= 3 &&
          count(events(), 'undo-succeeded', 'reserve') === 1,
      },
    ],
  },
  refusedUndo,
  {
    ...teapot,
    title: 'The message cannot be sent',
    customer: 'Gus',
    trouble: 'notification answers 503 to the first two e-mails, and to the first two SMS.',
    faults: 'notification.notify:status:status=503:times=2',
    ends: 'completed',
    moral:
      'A paid order is not undone for a message: it could be sent neither by e-mail nor by SMS, so the order completed without, and that was made good afterwards.',
    prove: ({ events }) => {
      const types = events().map(({ type }) => type);
      return [
        {
          text: 'an SMS tried after the e-mail; completed first, the message sent after',
          holds:
            types.includes('alternate-chosen') &&
            types.includes('step-deferred') &&
            types.at(-1) === 'step-succeeded',
        },
      ];
    },
  },
  latePayment,
  outage,
  fullQueue,
  takeover,
];

export const describeOrder = ({ customer, what }: Story): string => `${customer} orders ${what}.`;
