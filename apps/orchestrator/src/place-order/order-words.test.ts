import { narrate } from '@baton/runtime';
import { createStandIns } from '@baton/runtime/testing';
import { type Event, type Happening, replay, viewRun } from '@baton/saga';
import { expect, it } from 'vitest';
import { createPlaceOrder } from './place-order.ts';

const workflow = createPlaceOrder(createStandIns().participants);
const [{ name, version, structure }] = workflow.versions;
const amount = { amountMinor: 6_800, currency: 'EUR' };
const tried = { attempt: 1, startedAt: 0 };
const accepted: Happening = {
  type: 'accepted',
  saga: name,
  version,
  structure,
  input: { lines: [{ sku: 'mug', quantity: 2 }] },
  context: {},
};
const validated: Happening = {
  type: 'step-succeeded',
  way: 'validate',
  ...tried,
  output: { total: { amountMinor: 7_000, currency: 'EUR' } },
};
const paid: Happening = {
  type: 'step-succeeded',
  way: 'pay',
  ...tried,
  output: { paymentId: 'pay_7', amount },
};

function toRun(happenings: readonly Happening[]) {
  const events: Event[] = happenings.map((what, i) => ({ ...what, seq: i + 1, at: 0 }));
  const state = replay(events);
  return { events, state };
}

it('is worth what was paid, not what was asked for', () => {
  const { state } = toRun([accepted, validated, paid]);
  expect(workflow.describe?.(state)).toBe('worth 68.00 EUR');
  expect(workflow.toResult?.('pay', state)).toEqual({ paymentId: 'pay_7', amount });
  expect(workflow.describeResult?.('pay', state)).toBe('68.00 EUR, pay_7');
  expect(workflow.toResult?.('validate', state)).toEqual({
    total: { amountMinor: 7_000, currency: 'EUR' },
  });
});

it('took what was asked for, where an older provider does not say', () => {
  const { state } = toRun([accepted, validated, { ...paid, output: { paymentId: 'pay_7' } }]);
  expect(workflow.describeResult?.('pay', state)).toBe('70.00 EUR, pay_7');
});

it('is worth what was paid whatever the steps are called', () => {
  const { state } = toRun([accepted, { ...validated, way: 'price' }]);
  expect(workflow.describe?.(state)).toBe('worth 70.00 EUR');
  const { state: charged } = toRun([accepted, { ...paid, way: 'charge:alt' }]);
  expect(workflow.describe?.(charged)).toBe('worth 68.00 EUR');
});

it('tells what is owed, to whom, and whether it is known that it was taken', () => {
  const reserved: Happening = { type: 'step-succeeded', way: 'reserve', ...tried, output: {} };
  const { state } = toRun([accepted, validated, reserved]);
  const owed = ['validate', 'reserve', 'pay'].map((way) => workflow.describeOwed?.(way, state));
  expect(owed).toEqual([
    undefined,
    '2 mug to the stock',
    '70.00 EUR to the customer, if it was taken',
  ]);
});

/** An order whose undo of that way was skipped. */
function narrateWrittenOff(way: string, ...before: readonly Happening[]) {
  const { events, state } = toRun([
    accepted,
    ...before,
    { type: 'compensation-decided', code: 'cancelled', step: null },
    { type: 'undo-refused', way, ...tried, code: 'no', retryAt: 0, exhausted: true },
    { type: 'written-off', way, direction: 'undo', reason: 'sent by cheque' },
    { type: 'compensated' },
  ]);
  const run = viewRun(workflow.versions[0], { id: 'ord_1', state, events }, 0);
  return narrate(run, workflow, 0)[0];
}

it('tells what was written off, and how much it is, in its first line', () => {
  expect(narrateWrittenOff('pay', validated, paid)).toBe(
    'Order ord_1, worth 68.00 EUR: compensated (cancelled), 68.00 EUR written off',
  );
});

it('tells how much may have been written off where nobody knows whether it was taken', () => {
  const lost: Happening = {
    type: 'step-unknown',
    way: 'pay',
    ...tried,
    code: 'timeout',
    retryAt: 0,
  };
  expect(narrateWrittenOff('pay', validated, lost)).toBe(
    'Order ord_1, worth 70.00 EUR: compensated (cancelled), at most 70.00 EUR written off',
  );
});

it('writes off no money where none was moved', () => {
  expect(narrateWrittenOff('validate', validated)).toBe(
    'Order ord_1, worth 70.00 EUR: compensated (cancelled), the undo of validate written off',
  );
});
