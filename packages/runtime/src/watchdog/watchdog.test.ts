import { alertRules } from '@baton/contracts';
import { describe, expect, it } from 'vitest';
import type { Alert } from './alert.ts';
import { watch } from './watchdog.ts';
import type { Observation, ObservedOrders } from './watchdog-observation.ts';

const second = 1_000;
const none: ObservedOrders = { orders: [], count: 0, isMore: false };
const calm: Observation = {
  at: 0,
  words: { noun: 'order', plural: 'orders' },
  breakers: [],
  overdue: { ...none, olderThanMs: 300 * second },
  stuck: none,
  queue: { open: 0, openMax: 100 },
  standbyMissingSince: null,
  changed: [],
  books: null,
  unaudited: null,
  endOf: () => undefined,
};

/** Watches on through a sequence of moments, as the loop does. */
function createWatch() {
  let open: readonly Alert[] = [];
  return (at: number, change: Partial<Observation> = {}) => {
    const seen = watch(open, { ...calm, at, ...change });
    open = seen.open;
    return { ...seen, openedCount: seen.opened.length, resolvedCount: seen.resolved.length };
  };
}

const breaker = (isOpen: boolean, parked = 0, change = {}) => ({
  breakers: [
    {
      participant: 'payment-service',
      isOpen,
      isIdle: false,
      lastCode: null,
      nextTryAt: 9_000,
      parked,
      ...change,
    },
  ],
});
const orders = (count: number, change = {}): ObservedOrders => ({
  orders: Array.from({ length: Math.min(count, 21) }, (_, i) => ({
    id: `ord_${i}`,
    acceptedAt: 0,
    waitsFor: 'waits for payment-service (to undo pay)',
    nextTry: ', next try at 1970-01-01T00:00:09.000Z',
    skippable: ['pay'],
    cancellable: false,
    goesOn: true,
    retries: 0,
    ...change,
  })),
  count,
  isMore: false,
});
const overdue = (count: number, change = {}) => ({
  overdue: { ...orders(count, change), olderThanMs: 300 * second },
});
const stuck = (count: number, change = {}) => ({ stuck: orders(count, change) });
const queue = (open: number) => ({ queue: { open, openMax: 100 } });
const books = (at: number, differences: string[], isConfirmed = false) => ({
  books: { at, differences, isConfirmed },
});

it('sees nothing where nothing is wrong', () => {
  expect(createWatch()(0)).toMatchObject({ open: [], opened: [], resolved: [] });
});

describe('an open breaker', () => {
  it('is one alert until it was closed for a while, and tells how long and how many', () => {
    const look = createWatch();
    const [alert] = look(0, breaker(true, 3)).opened;
    expect(alert).toMatchObject({
      id: 'breaker-open:payment-service:0',
      rule: 'breaker-open',
      subject: 'payment-service',
      action: expect.stringContaining('uses up no attempt'),
      result:
        'Still so at 1970-01-01T00:00:00.000Z: 3 orders wait, next try at 1970-01-01T00:00:09.000Z',
    });
    expect(look(5 * second, breaker(true, 40))).toMatchObject({ openedCount: 0, resolvedCount: 0 });
    expect(look(6 * second, breaker(true, 9)).open).toMatchObject([{ orders: 40 }]);
    const calm = look(12 * second, breaker(false));
    expect(calm).toMatchObject({ resolvedCount: 0 });
    // What was seen before would contradict what is seen now.
    expect(calm.open).toMatchObject([
      { result: 'Not seen since 1970-01-01T00:00:12.000Z; over once that has lasted for 5 s' },
    ]);
    const { resolved, open } = look(17 * second, breaker(false));
    expect(resolved).toMatchObject([
      { resolvedAt: 17 * second, result: 'Closed after 12 s; up to 40 orders went on' },
    ]);
    expect(open).toEqual([]);
  });

  it('ends when nobody waits for it and its participant answers, though it was not probed', () => {
    const look = createWatch();
    look(0, breaker(true, 1));
    expect(look(20 * second, breaker(true)).open).toHaveLength(1);
    look(50 * second, breaker(true, 0, { isIdle: true }));
    expect(look(55 * second, breaker(true, 0, { isIdle: true })).resolved).toMatchObject([
      { result: 'It answers again after 50 s, and no order waits: the next order probes it' },
    ]);
  });

  it('names what the last call ended with, and blames nobody for a call that threw', () => {
    const look = createWatch();
    expect(look(0, breaker(true, 0, { lastCode: 'timed-out' })).opened).toMatchObject([
      { message: 'payment-service fails or does not answer (timed-out): its breaker opened' },
    ]);
    expect(look(1, breaker(true, 0, { lastCode: 'threw' })).open).toMatchObject([
      { message: 'Calls to payment-service end in an error here (threw): its breaker opened' },
    ]);
  });

  it('claims nothing of orders that it did not see', () => {
    const look = createWatch();
    look(0, breaker(true));
    look(1 * second, breaker(false));
    expect(look(6 * second, breaker(false)).resolved).toMatchObject([
      { result: 'Closed after 1 s; no order was seen waiting' },
    ]);
  });

  it('that closes and opens again at once is still the same alert', () => {
    const look = createWatch();
    look(0, breaker(true));
    for (let at = 1; at < 20; at++)
      expect(look(at * second, breaker(at % 3 === 0))).toMatchObject({
        openedCount: 0,
        resolvedCount: 0,
      });
  });
});

describe('orders that are open for too long', () => {
  it('are told one by one while they are few, with how each ended', () => {
    const look = createWatch();
    expect(look(400 * second, overdue(2)).opened).toMatchObject([
      { subject: 'ord_0', message: 'ord_0 is open since 7 min' },
      { subject: 'ord_1' },
    ]);
    const endOf = (id: string) => (id === 'ord_1' ? 'It is compensated' : undefined);
    expect(look(460 * second, { ...overdue(1), endOf }).resolved).toMatchObject([
      { subject: 'ord_1', result: 'It is compensated after 60 s' },
    ]);
  });

  it('say how often they were tried again', () => {
    const look = createWatch();
    look(0, overdue(1));
    expect(look(1, overdue(1, { retries: 2 })).open).toMatchObject([
      { result: expect.stringContaining('tried again 2 times') },
    ]);
  });

  it('are one alert when they are many, until none is left', () => {
    const look = createWatch();
    expect(look(0, overdue(132)).opened).toMatchObject([
      { subject: 'orders', orders: 132, message: expect.stringContaining('132 orders are open') },
    ]);
    expect(look(1 * second, overdue(7))).toMatchObject({ openedCount: 0, resolvedCount: 0 });
    expect(look(2 * second).resolved).toMatchObject([
      { result: 'None is left after 2 s; 132 orders at the most' },
    ]);
  });

  it('that became many are counted from then on', () => {
    const look = createWatch();
    look(0, overdue(20));
    const { opened, resolved } = look(1, overdue(21));
    expect(opened).toMatchObject([{ subject: 'orders' }]);
    expect(resolved).toHaveLength(20);
    expect(resolved[0]?.result).toBe('Counted with all others from now on');
  });
});

describe('a stuck order', () => {
  it('names what is owed, and how it ended', () => {
    const look = createWatch();
    expect(look(0, stuck(1)).opened).toMatchObject([
      {
        rule: 'order-stuck',
        message: 'ord_0 cannot be ended so far: waits for payment-service (to undo pay)',
        action: expect.stringContaining('soon after a participant that had failed answers again'),
        result:
          'Still open: ord_0 waits for payment-service (to undo pay), next try at 1970-01-01T00:00:09.000Z',
      },
    ]);
    const endOf = () => 'It is compensated';
    expect(look(30 * second, { endOf }).resolved).toMatchObject([
      { result: 'It is compensated after 30 s' },
    ]);
  });

  it('that an operator has tried again is the same alert when it is stuck again', () => {
    const look = createWatch();
    look(0, stuck(1));
    for (let at = 1; at < 120; at++) expect(look(at * second)).toMatchObject({ resolvedCount: 0 });
    expect(look(120 * second, stuck(1))).toMatchObject({ openedCount: 0, resolvedCount: 0 });
    look(200 * second);
    expect(look(380 * second).resolved).toMatchObject([{ result: 'After 3 min: it goes on' }]);
  });

  it('is over no earlier than it began, and soon, where the clock was set back', () => {
    const look = createWatch();
    look(900 * second, stuck(1));
    look(901 * second);
    expect(look(10 * second)).toMatchObject({ resolvedCount: 0 });
    expect(look(190 * second).resolved).toMatchObject([{ resolvedAt: 900 * second }]);
  });

  it('that is set aside is left there', () => {
    expect(createWatch()(0, stuck(1, { goesOn: false })).opened).toMatchObject([
      { action: 'It is set aside; all others go on' },
    ]);
  });
});

describe('a deep queue', () => {
  it('begins at four fifths and ends below a half', () => {
    const look = createWatch();
    expect(look(0, queue(79)).openedCount).toBe(0);
    expect(look(1, queue(80)).opened).toMatchObject([
      { subject: 'queue', action: expect.stringContaining('503') },
    ]);
    expect(look(2, queue(100)).open).toMatchObject([{ result: 'New orders are refused for now' }]);
    expect(look(3, queue(50)).resolvedCount).toBe(0);
    expect(look(4 * second, queue(49)).resolved).toMatchObject([
      { orders: 100, result: 'Down to 49 of 100 after 4 s' },
    ]);
    expect(look(5 * second, queue(79)).openedCount).toBe(0);
  });
});

describe('a lost standby', () => {
  it('is given the time of a restart, and is over when one waits again', () => {
    const look = createWatch();
    expect(look(4_999, { standbyMissingSince: 0 }).openedCount).toBe(0);
    expect(look(5_000, { standbyMissingSince: 0 }).opened).toMatchObject([{ subject: 'standby' }]);
    expect(look(65_000).resolved).toMatchObject([{ result: 'A standby waits again after 60 s' }]);
  });

  it('is expected no more when none came for a day', () => {
    const look = createWatch();
    look(5_000, { standbyMissingSince: 0 });
    expect(look(86_400_001, { standbyMissingSince: 0 }).resolved).toMatchObject([
      { result: expect.stringContaining('for a day') },
    ]);
  });
});

describe('data that changed underneath', () => {
  it('is alarmed until an audit from after it balances', () => {
    const look = createWatch();
    const early = books(5, []);
    expect(look(10, { ...early, changed: ['payment-service'] }).opened).toMatchObject([
      { rule: 'data-changed', subject: 'payment-service', result: 'An audit was asked for' },
    ]);
    expect(look(11, early).resolvedCount).toBe(0);
    expect(look(12, books(12, ['EUR: 1 taken'])).open).toMatchObject([
      { result: 'Audited: the books do not balance: EUR: 1 taken' },
    ]);
    expect(look(13, books(13, [])).resolved).toMatchObject([
      { result: 'Audited: the books balance' },
    ]);
  });
});

describe('books that no audit could judge', () => {
  const unaudited = { since: 0, why: 'payment-service did not answer' };

  it('are alarmed until one does, also over a restart', () => {
    const look = createWatch();
    expect(look(900 * second, { ...books(0, []), unaudited }).opened).toMatchObject([
      {
        rule: 'books-unaudited',
        message:
          'No audit came to a verdict since 1970-01-01T00:00:00.000Z: payment-service did not answer',
        result: 'Still none after 15 min',
      },
    ]);
    expect(look(901 * second)).toMatchObject({ openedCount: 0, resolvedCount: 0 });
    expect(look(960 * second, books(960, [])).resolved).toMatchObject([
      { result: 'Audited again after 60 s' },
    ]);
  });
});

describe('books that do not balance', () => {
  it('are alarmed once a second audit says so, and until one balances', () => {
    const look = createWatch();
    expect(look(1, books(1, ['mug: 3 held'])).openedCount).toBe(0);
    expect(look(2, books(2, ['mug: 3 held'], true)).opened).toMatchObject([
      { rule: 'books-differ', message: 'The books do not balance: mug: 3 held' },
    ]);
    expect(look(3, books(3, ['mug: 3 held'])).resolvedCount).toBe(0);
    expect(look(4, { books: null }).open).toMatchObject([
      { message: expect.stringContaining('mug') },
    ]);
    expect(look(5 * second, books(5, [])).resolved).toMatchObject([
      { result: 'They balance again after 5 s' },
    ]);
  });
});

it('calls a run by its own name in every rule', () => {
  const words = { noun: 'trip', plural: 'trips' };
  const look = createWatch();
  const troubles = [
    { ...overdue(30), ...stuck(2), ...queue(90), ...breaker(true, 3), standbyMissingSince: 0 },
    { ...overdue(1), ...stuck(30), ...queue(100), ...breaker(true), changed: ['payment-service'] },
    {
      ...books(20_000, ['mug: 3 held, 2 by completed trips'], true),
      ...breaker(true, 0, { isIdle: true }),
    },
    { unaudited: { since: 0, why: 'it failed' } },
    {},
    { ...breaker(false), ...books(90_000, []) },
  ];
  const alerts = troubles.flatMap((trouble, moment) => {
    const seen = look((moment + 1) * 10 * second, { ...trouble, words });
    return [...seen.open, ...seen.resolved];
  });
  expect(new Set(alerts.map(({ rule }) => rule)).size).toBe(alertRules.length);
  const told = alerts.flatMap(({ message, action, result }) => [message, action, result]);
  expect(told.filter((text) => /\borders?\b/.test(text))).toEqual([]);
});
