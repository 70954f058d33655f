/** The nine kinds of trouble, in the order in which they are told. */
import { paymentOperations } from '@baton/contracts';
import type { Event } from '@baton/saga';
import { createClient } from '@baton/service-kit';
import type { Finding, Scene, Story } from './story.ts';

type EventOf<T extends Event['type']> = Extract<Event, { readonly type: T }>;

const pick = <T extends Event['type']>(events: readonly Event[], type: T): readonly EventOf<T>[] =>
  events.filter((event): event is EventOf<T> => event.type === type);

/** How often an attempt at this step ended so. */
const count = <T extends EventOf<Event['type']>['type']>(
  events: readonly Event[],
  type: T,
  way: string,
): number => pick(events, type).filter((event) => 'way' in event && event.way === way).length;

/** Longer than all tries at the first provider take, so that each arrives after the refund. */
const LATE_MS = 8_000;
const MARGIN_MS = 500;
/** Long enough for the orchestrator to be killed meanwhile, and shorter than it waits for an answer. */
const HELD_MS = 2_500;

const teapotMinor = 3_400;

function proveOnce({ ledger, orderId, events }: Scene): Finding[] {
  const asked = count(events(), 'step-unknown', 'pay') + count(events(), 'step-succeeded', 'pay');
  const taken = ledger.payments(orderId);
  return [
    {
      text: `asked to pay ${asked} times, charged ${taken === 1 ? 'once' : `${taken} times`}`,
      holds: asked >= 2 && taken === 1,
    },
  ];
}

/** Until whatever was sent to payment, and held up there, has been handled. */
async function untilArrived({ during }: Scene, sentAt: number, heldMs: number): Promise<void> {
  const dueAt = sentAt + heldMs + MARGIN_MS;
  const arrived = new Promise<void>((resolve) =>
    setTimeout(resolve, Math.max(0, dueAt - Date.now())),
  );
  const toSeconds = () => Math.max(0, Math.ceil((dueAt - Date.now()) / 1_000));
  await during(
    () => `what was held up on its way to payment arrives within ${toSeconds()} s`,
    arrived,
  );
}

/** Sends one more by hand, when all have arrived. */
async function proveFenced(scene: Scene): Promise<Finding[]> {
  const { ledger, orderId, events } = scene;
  const tries = pick(events(), 'step-unknown').filter(({ way }) => way === 'pay');
  await untilArrived(scene, tries.at(-1)?.at ?? 0, LATE_MS);
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

async function proveTakenOver(scene: Scene): Promise<Finding[]> {
  const cutOff = pick(scene.events(), 'step-unknown').find(({ interrupted }) => interrupted);
  // The payment that the dead orchestrator asked for is taken after all, or would be.
  await untilArrived(scene, cutOff?.startedAt ?? 0, HELD_MS);
  return [
    { text: 'the journal shows the attempt that was cut off', holds: cutOff !== undefined },
    ...proveOnce(scene),
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

async function bringInventoryBack({ stage, until, note }: Scene): Promise<void> {
  await until((events) => count(events, 'step-unsent', 'reserve') >= 3);
  note('inventory-service is started again');
  await stage.startAgain('inventory-service');
}

async function killOrchestrator({ stage, until, note }: Scene): Promise<void> {
  await until((events) => count(events, 'step-succeeded', 'reserve') > 0);
  await stage.kill('orchestrator');
  const killedAt = performance.now();
  note('the orchestrator is killed (kill -9) while it waits for the payment');
  await stage.untilTakenOver();
  note(`the standby has taken over, ${Math.round(performance.now() - killedAt)} ms after the kill`);
}

const mugs = { what: '2 mugs', sku: 'mug', quantity: 2, token: 'tok_ok' };
const teapot = { what: 'a teapot', sku: 'teapot', quantity: 1, token: 'tok_ok' };

export const stories: readonly Story[] = [
  {
    ...mugs,
    title: 'All is well',
    customer: 'Ada',
    trouble: 'none.',
    ends: 'completed',
    moral: 'Four services, asked in turn; each result was on disk before the next was asked.',
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
  {
    ...teapot,
    title: 'The message cannot be sent',
    customer: 'Finn',
    trouble: 'notification answers 503, 4 times.',
    faults: 'notification.notify:status:status=503:times=4',
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
  {
    ...teapot,
    title: 'The payment arrives after its refund',
    customer: 'Gus',
    trouble: `each request to pay is held up for ${LATE_MS / 1_000} s on its way, and its connection is cut. (Placed when the demo began.)`,
    faults: `payment.process:late:ms=${LATE_MS}`,
    isEarly: true,
    ends: 'completed',
    moral:
      'Nobody could say whether the payment would still be taken, so Baton had it undone, and only then paid at the other provider. The refund came first, and shut the door.',
    prove: proveFenced,
  },
  {
    ...mugs,
    title: 'A service is down',
    customer: 'Hana',
    trouble: 'inventory-service was killed (kill -9) just before.',
    before: (stage) => stage.kill('inventory-service'),
    act: bringInventoryBack,
    ends: 'completed',
    moral: 'What was never sent uses up no attempt: the order waited, and went on.',
  },
  {
    ...teapot,
    title: 'The orchestrator dies in the middle of an order',
    customer: 'Iris',
    trouble: `the payment takes ${HELD_MS / 1_000} s, and meanwhile the orchestrator is killed.`,
    faults: `payment.process:latency:ms=${HELD_MS}:times=1`,
    before: (stage) => stage.untilStandbyWaits(),
    act: killOrchestrator,
    ends: 'completed',
    moral: `The standby read the journal, and went on where the order stood.`,
    prove: proveTakenOver,
  },
];

export const describeOrder = ({ customer, what }: Story): string => `${customer} orders ${what}.`;
