/** Stories that end the same, whenever the orchestrator crashes. */
import type { PlaceOrder } from '@baton/contracts';
import type { Exchange } from '@baton/service-kit';
import type { Plot, Story } from './story.ts';
import { lost, type NamedCall, noTrouble, type Trouble, unsent } from './wire.ts';

const order = (change: { sku?: string; token?: string } = {}): PlaceOrder => ({
  customerId: 'ada',
  lines: [{ sku: change.sku ?? 'mug', quantity: 2 }],
  payment: { method: 'card', token: change.token ?? 'tok_ok' },
});

const forward = ['order.validate', 'inventory.reserve', 'payment.process', 'notification.notify'];
const reservedAndBack = [
  'order.validate',
  'inventory.reserve',
  'inventory.release',
  'order.cancel',
];

const paidByAlternate = [
  'order.validate',
  'inventory.reserve',
  'payment-alternate.process',
  'notification.notify',
];
const always = Number.POSITIVE_INFINITY;

/** The first `times` of these calls go wrong. */
const firstTimesOf =
  (isMeant: (call: NamedCall) => boolean, times: number, wrong: Trouble): (() => Trouble) =>
  () => {
    let left = times;
    return (call, deliver) => {
      if (!isMeant(call) || left === 0) return deliver();
      left -= 1;
      return wrong(call, deliver);
    };
  };
const firstTimes = (operation: string, times: number, wrong: Trouble): (() => Trouble) =>
  firstTimesOf(({ name }) => name === operation, times, wrong);

const isEmail = ({ name, body }: NamedCall): boolean =>
  name === 'notification.notify' && Object(body).channel === 'email';

/** One trouble around another. */
const both =
  (outer: () => Trouble, inner: () => Trouble): (() => Trouble) =>
  () => {
    const [around, within] = [outer(), inner()];
    return (call, deliver) => around(call, () => within(call, deliver));
  };

const isDown: Trouble = async () => unsent;
const loseReply: Trouble = async (_call, deliver) => {
  await deliver();
  return lost;
};
const loseRequest: Trouble = async () => lost;

/** The payment hangs on its way, its caller gives up, and it arrives after its refund. */
function createLatePayment(): Trouble {
  const late: (() => Promise<Exchange>)[] = [];
  return async (call: NamedCall, deliver) => {
    if (call.name === 'payment.process') {
      late.push(deliver);
      return new Promise((resolve) => {
        call.signal.onabort = () => resolve({ kind: 'unknown', code: 'aborted' });
      });
    }
    const answer = await deliver();
    if (call.name === 'payment.refund') for (const arrive of late.splice(0)) await arrive();
    return answer;
  };
}

export const stories: readonly Story[] = [
  {
    name: 'all goes well',
    order: order(),
    createTrouble: () => noTrouble,
    ends: { status: 'completed' },
    effects: forward,
  },
  {
    name: 'the payment is declined',
    order: order({ token: 'tok_declined' }),
    createTrouble: () => noTrouble,
    ends: { status: 'compensated', code: 'payment-declined' },
    effects: reservedAndBack,
  },
  {
    name: 'the product is out of stock',
    order: order({ sku: 'first-edition' }),
    createTrouble: () => noTrouble,
    ends: { status: 'compensated', code: 'out-of-stock' },
    effects: ['order.validate', 'order.cancel'],
  },
  {
    name: 'the inventory is down and comes back',
    order: order(),
    createTrouble: firstTimes('inventory.reserve', 4, isDown),
    ends: { status: 'completed' },
    effects: forward,
  },
  {
    name: "the payment's reply is lost",
    order: order(),
    createTrouble: firstTimes('payment.process', 2, loseReply),
    ends: { status: 'completed' },
    effects: forward,
  },
  {
    name: 'the first provider is down, and the alternate is paid',
    order: order(),
    createTrouble: firstTimes('payment.process', always, isDown),
    ends: { status: 'completed' },
    effects: paidByAlternate,
  },
  {
    name: 'the payment is never heard of again: it is undone before the alternate is paid',
    order: order(),
    createTrouble: firstTimes('payment.process', always, loseReply),
    ends: { status: 'completed' },
    effects: [
      'order.validate',
      'inventory.reserve',
      'payment.process',
      'payment.refund',
      'payment-alternate.process',
      'notification.notify',
    ],
  },
  {
    name: 'the payment arrives after its refund',
    order: order(),
    createTrouble: createLatePayment,
    ends: { status: 'completed' },
    effects: paidByAlternate,
  },
  {
    name: 'the first provider is down, and the alternate is never heard of again',
    isLong: true,
    isOneOfMany: true,
    order: order(),
    createTrouble: both(
      firstTimes('payment.process', always, isDown),
      firstTimes('payment-alternate.process', always, loseReply),
    ),
    ends: { status: 'compensated', code: 'connection-reset' },
    effects: [
      'order.validate',
      'inventory.reserve',
      'payment-alternate.process',
      'inventory.release',
      'order.cancel',
      'payment-alternate.refund',
    ],
    isUndoneInAnyOrder: true,
  },
  {
    name: 'both providers are down',
    isLong: true,
    isOneOfMany: true,
    order: order(),
    createTrouble: both(
      firstTimes('payment.process', always, isDown),
      firstTimes('payment-alternate.process', always, isDown),
    ),
    ends: { status: 'compensated' },
    effects: reservedAndBack,
    crashesMax: 60,
  },
  {
    name: 'the alternate declines what the first provider never heard of',
    isLong: true,
    isOneOfMany: true,
    order: order({ token: 'tok_declined' }),
    createTrouble: firstTimes('payment.process', always, isDown),
    ends: { status: 'compensated', code: 'payment-declined' },
    effects: reservedAndBack,
  },
  {
    name: 'an undo fails at first',
    order: order({ token: 'tok_declined' }),
    createTrouble: firstTimes('inventory.release', 3, loseRequest),
    ends: { status: 'compensated', code: 'payment-declined' },
    effects: ['order.validate', 'inventory.reserve', 'order.cancel', 'inventory.release'],
  },
  {
    name: "an undo's reply is lost",
    order: order({ token: 'tok_declined' }),
    createTrouble: firstTimes('inventory.release', 2, loseReply),
    ends: { status: 'compensated', code: 'payment-declined' },
    effects: reservedAndBack,
  },
  {
    name: 'an undo fails until the order is stuck, and then heals',
    isLong: true,
    isOneOfMany: true,
    order: order({ token: 'tok_declined' }),
    createTrouble: firstTimes('inventory.release', 14, loseRequest),
    ends: { status: 'compensated', code: 'payment-declined' },
    effects: ['order.validate', 'inventory.reserve', 'order.cancel', 'inventory.release'],
  },
  {
    name: 'no e-mail can be sent, and the customer gets an SMS',
    order: order(),
    createTrouble: firstTimesOf(isEmail, always, isDown),
    ends: { status: 'completed' },
    effects: forward,
    channels: ['sms'],
  },
  {
    name: 'nobody knows whether the e-mail was sent, and an SMS does no harm',
    order: order(),
    createTrouble: firstTimesOf(isEmail, always, loseReply),
    ends: { status: 'completed' },
    effects: [...forward, 'notification.notify'],
    channels: ['email', 'sms'],
  },
  {
    name: 'neither channel works, and the notification is repaired later',
    isLong: true,
    isOneOfMany: true,
    order: order(),
    createTrouble: firstTimes('notification.notify', 14, isDown),
    ends: { status: 'completed' },
    effects: forward,
    channels: ['email'],
  },
  {
    name: 'the client cancels while the payment is unreachable',
    order: order(),
    createTrouble: firstTimes('payment.process', always, isDown),
    wantsCancel: (state) => state.ways.reserve?.result === 'ok',
    ends: { status: 'compensated', code: 'cancelled' },
    effects: reservedAndBack,
  },
];

/** Their end depends on when the orchestrator dies; either way nothing is left behind. */
export const openStories: readonly Plot[] = [
  {
    name: 'a participant cannot be reached again after its first answer',
    order: order(),
    createTrouble: createLeavers(),
  },
];

/** Each participant takes one forward request, and cannot be reached for another. */
function createLeavers(): () => Trouble {
  return () => {
    const seen = new Set<string>();
    return async (call, deliver) => {
      const { name } = call;
      const isForward = ['order.validate', 'inventory.reserve', 'payment.process'].includes(name);
      if (!isForward || !seen.has(name)) {
        seen.add(name);
        return deliver();
      }
      return unsent;
    };
  };
}
