/** Orders to try things out with, one for each kind of trouble. A fault travels with its order and breaks no other. */
import type { PlaceOrder, Preset } from '@baton/contracts';

const toBody = (change: { sku?: string; quantity?: number; token?: string } = {}): PlaceOrder => ({
  customerId: 'ada',
  lines: [{ sku: change.sku ?? 'mug', quantity: change.quantity ?? 2 }],
  payment: { method: 'card', token: change.token ?? 'tok_ok' },
});

export const presets: readonly Preset[] = [
  { title: 'All is well', expect: 'Four services are asked in turn.', body: toBody() },
  {
    title: 'The payment’s answer is lost',
    expect: 'The money is taken, the answer is lost. Asked again, it is paid once.',
    body: toBody({ sku: 'teapot', quantity: 1 }),
    baggage: 'baton.fault=payment.process:lost-reply:times=1',
  },
  {
    title: 'The card is declined',
    expect: 'What was done is undone, in reverse order.',
    body: toBody({ token: 'tok_declined' }),
  },
  {
    title: 'Sold out',
    expect: 'Nothing is held, nobody is charged.',
    body: toBody({ sku: 'first-edition', quantity: 1 }),
  },
  {
    title: 'The provider is gone',
    expect: 'What it may have taken is given back before another provider is paid.',
    body: toBody(),
    baggage: 'baton.fault=payment.process:reset',
  },
  {
    title: 'Even the undo fails',
    expect: 'What is owed stays owed: it is asked for until it is done.',
    body: toBody({ token: 'tok_declined' }),
    baggage: 'baton.fault=inventory.release:status:status=503:times=3',
  },
  {
    title: 'An undo is refused',
    expect: 'It stays owed, and is tried ever more rarely. An operator may write it off.',
    body: toBody(),
    baggage: 'baton.fault=payment.process:decline|inventory.release:decline',
  },
  {
    title: 'The message cannot be sent',
    expect: 'The order completes without; the message is made up for.',
    body: toBody({ sku: 'teapot', quantity: 1 }),
    baggage: 'baton.fault=notification.notify:status:status=503:times=2',
  },
  {
    title: 'The payment arrives after its refund',
    expect: 'The refund shuts the door. Only the service sees what comes late; the trace has it.',
    body: toBody({ sku: 'teapot', quantity: 1 }),
    baggage: 'baton.fault=payment.process:late:ms=8000',
  },
];
