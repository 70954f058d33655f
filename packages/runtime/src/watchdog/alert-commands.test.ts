/** Each alert with the commands that a person is told to run. */
import { alertRules } from '@baton/contracts';
import { expect, it } from 'vitest';
import { createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { type Alert, all } from './alert.ts';
import { createToCommands } from './alert-commands.ts';

const address = 'http://localhost:4000';
const workflows = [createOrderWorkflow(createStandIns().participants)] as const;
const order = `${address}/orders/ord_1`;
const post = `curl -X POST -H 'content-type: application/json'`;

const toAlert = (change: Partial<Alert>): Alert => ({
  id: 'order-stuck:ord_1:0',
  rule: 'order-stuck',
  subject: 'ord_1',
  openedAt: 0,
  resolvedAt: null,
  orders: 1,
  message: 'ord_1 cannot be ended so far',
  action: 'tried again',
  result: 'still open',
  calmSince: null,
  ...change,
});
const list = (change: Partial<Alert>, operatorToken?: string) =>
  createToCommands({ workflows, address, operatorToken })(toAlert(change));

it('says how an order is tried again, and which steps can be skipped', () => {
  expect(list({ skippable: ['pay'] })).toEqual([
    `${post} ${order}/retry -d '{"reason":"why"}'`,
    `${post} ${order}/skip -d '{"step":"pay","reason":"why"}'`,
  ]);
});

it('says how an overdue order is cancelled as long as it can be', () => {
  const rule = 'order-overdue';
  expect(list({ rule, cancellable: true })[0]).toBe(`curl -X POST ${order}/cancel`);
  expect(list({ rule, cancellable: false }).join()).not.toContain('cancel');
});

it('leaves room for the operator’s token where one is asked for, and never tells it', () => {
  const [retry = ''] = list({}, 'secret');
  expect(retry).toContain('-H "authorization: Bearer $OPERATOR_TOKEN"');
  expect(retry).not.toContain('secret');
});

it('leads to where many orders, or their participants, can be looked at', () => {
  expect(list({ subject: all })).toEqual([`curl '${address}/orders?status=stuck'`]);
  const others = ['order-overdue', 'breaker-open', 'queue-deep'] as const;
  for (const rule of others)
    expect(list({ rule, subject: all })).toEqual([`curl ${address}/participants`]);
});

it('has nothing to do about what is over', () => {
  for (const rule of alertRules) expect(list({ rule, resolvedAt: 1 })).toEqual([]);
});
