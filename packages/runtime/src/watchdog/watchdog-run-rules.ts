/** Rules about orders. Few are named one by one; many are one alert, so that a bad hour is no flood. */
import { type Alert, all, toSpan } from './alert.ts';
import type { Observation, ObservedOrder, ObservedOrders } from './watchdog-observation.ts';
import { type Finding, lastedMs, type Rule } from './watchdog-rule.ts';

/** More than these are told as one. */
export const eachMax = 20;

interface Wording {
  readonly one: (order: ObservedOrder) => string;
  readonly many: (count: string) => string;
  readonly action: string;
}

export const overdueRule: Rule = {
  name: 'order-overdue',
  calmMs: 0,
  find: (seen, open) =>
    findOrders(seen.overdue, open, {
      one: ({ id, acceptedAt }) => `${id} is open since ${toSpan(seen.at - acceptedAt)}`,
      many: (count) =>
        `${count} ${seen.words.plural} are open for longer than ${toSpan(seen.overdue.olderThanMs)}`,
      action:
        'What it waits for is tried again now and then, unless it waits for a breaker or an operator',
    }),
  conclude: (alert, seen) => concludeOrders(alert, seen, 'settled, or younger again'),
};

export const stuckRule: Rule = {
  name: 'order-stuck',
  // All attempts of an undo take less: an order that an operator had tried again may be stuck again by then.
  calmMs: 180_000,
  isOver: ({ subject }, { stuck, endOf }) =>
    subject === all ? stuck.count === 0 : stuck.count > eachMax || endOf(subject) !== undefined,
  find: (seen, open) =>
    findOrders(seen.stuck, open, {
      one: ({ id, waitsFor }) => `${id} cannot be ended so far: ${waitsFor}`,
      many: (count) => `${count} ${seen.words.plural} cannot be ended so far`,
      action:
        'An owed undo is tried again ever more rarely, and soon after a participant that had failed answers again',
    }),
  conclude: (alert, seen) => concludeOrders(alert, seen, 'it goes on'),
};

function findOrders(
  { orders, count, isMore }: ObservedOrders,
  open: readonly Alert[],
  { one, many, action }: Wording,
): readonly Finding[] {
  // Once told as one they stay so until none is left: else they would be told again, one by one.
  const isGathered = open.some(({ subject }) => subject === all);
  if (count <= eachMax && !isGathered)
    return orders.map((order) => ({
      subject: order.id,
      orders: 1,
      message: one(order),
      action: order.goesOn ? action : 'It is set aside; all others go on',
      result: toResult(order),
      skippable: order.skippable,
      cancellable: order.cancellable,
    }));
  const [oldest] = orders;
  if (!oldest) return [];
  const message = `${many(isMore ? `${count} or more` : String(count))}, the oldest is ${oldest.id}`;
  return [{ subject: all, orders: count, message, action, result: toResult(oldest) }];
}

function toResult({ id, waitsFor, nextTry, retries }: ObservedOrder): string {
  const tried = retries > 0 ? `, tried again ${retries} times from here` : '';
  return `Still open: ${id} ${waitsFor}${nextTry}${tried}`;
}

function concludeOrders(alert: Alert, seen: Observation, otherwise: string): string {
  const span = toSpan(lastedMs(alert, seen));
  if (alert.subject === all)
    return `None is left after ${span}; ${alert.orders} ${seen.words.plural} at the most`;
  const end = seen.endOf(alert.subject);
  if (end) return `${end} after ${span}`;
  const { count } = alert.rule === 'order-stuck' ? seen.stuck : seen.overdue;
  return count > eachMax ? 'Counted with all others from now on' : `After ${span}: ${otherwise}`;
}
