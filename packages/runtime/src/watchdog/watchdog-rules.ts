/** When the watchdog barks, what is done about it, and when it is over. */

import { toInstant } from '../run/instant.ts';
import { toSpan } from './alert.ts';
import type { ObservedBreaker } from './watchdog-observation.ts';
import { type Finding, lastedMs, type Rule } from './watchdog-rule.ts';
import { overdueRule, stuckRule } from './watchdog-run-rules.ts';

const breakerRule: Rule = {
  name: 'breaker-open',
  // One that closes and opens again at once is one trouble.
  calmMs: 5_000,
  find: ({ at, breakers }) =>
    breakers
      .filter(({ isOpen, isIdle }) => isOpen && !isIdle)
      .map((breaker) => toBreakerFinding(breaker, at)),
  conclude: (alert, seen) => {
    const span = toSpan(lastedMs(alert, seen));
    const isIdle = seen.breakers.some((one) => one.participant === alert.subject && one.isIdle);
    if (isIdle)
      return `It answers again after ${span}, and no order waits: the next order probes it`;
    const { orders } = alert;
    // It is looked at once a second: one that waited for less may not have been seen.
    return `Closed after ${span}; ${orders > 0 ? `up to ${orders} orders went on` : 'no order was seen waiting'}`;
  },
};

const toBreakerFinding = (breaker: ObservedBreaker, at: number): Finding => ({
  subject: breaker.participant,
  orders: breaker.parked,
  message: `${toTrouble(breaker)}: its breaker opened`,
  action:
    'Its steps wait, which uses up no attempt, and one order at a time tries whether it is well',
  result: toProgress(breaker, at),
});

/** A call that threw may never have left, so it is not laid at the participant's door. */
function toTrouble({ participant, lastCode }: ObservedBreaker): string {
  if (lastCode === 'threw') return `Calls to ${participant} end in an error here (threw)`;
  return `${participant} fails or does not answer${lastCode === null ? '' : ` (${lastCode})`}`;
}

const toProgress = ({ parked, nextTryAt }: ObservedBreaker, at: number): string =>
  `Still so at ${toInstant(at)}: ${parked} orders wait${nextTryAt === null ? '' : `, next try at ${toInstant(nextTryAt)}`}`;

const deep = 0.8;
const shallow = 0.5;

const queueRule: Rule = {
  name: 'queue-deep',
  calmMs: 0,
  find: ({ queue: { open, openMax } }, alerts) => {
    const mark = alerts.length > 0 ? shallow : deep;
    if (open < openMax * mark) return [];
    const message = `${open} of at most ${openMax} orders are open`;
    const result =
      open < openMax ? 'New orders are still accepted' : 'New orders are refused for now';
    const action = 'Beyond the limit new orders are refused with 503; accepted ones go on';
    return [{ subject: 'queue', orders: open, message, action, result }];
  },
  conclude: (alert, seen) =>
    `Down to ${seen.queue.open} of ${seen.queue.openMax} after ${toSpan(lastedMs(alert, seen))}`,
};

/** As long as a supervisor may take to start another one. */
const standbyPatienceMs = 5_000;
const standbyForgottenMs = 86_400_000;

const standbyRule: Rule = {
  name: 'standby-lost',
  calmMs: 0,
  find: ({ at, standbyMissingSince: since }) => {
    if (since === null || at - since < standbyPatienceMs || at - since > standbyForgottenMs)
      return [];
    return [
      {
        subject: 'standby',
        orders: 0,
        message: `There was a standby; since ${toInstant(since)} there is none`,
        action: 'Its supervisor starts it again; until then a crash costs a restart',
        result: `Still none after ${toSpan(at - since)}`,
      },
    ];
  },
  conclude: (alert, seen) =>
    seen.standbyMissingSince === null
      ? `A standby waits again after ${toSpan(lastedMs(alert, seen))}`
      : 'None came for a day, so none is expected any more',
};

const changedRule: Rule = {
  name: 'data-changed',
  calmMs: 0,
  find: ({ changed, books }, open) => {
    const isCleared = (since: number): boolean =>
      books !== null && books.at >= since && books.differences.length === 0;
    const unclear = open.filter(({ openedAt }) => !isCleared(openedAt));
    const subjects = new Set([...changed, ...unclear.map(({ subject }) => subject)]);
    return [...subjects].map((subject) => {
      const since = open.find((alert) => alert.subject === subject)?.openedAt;
      const isAudited = since !== undefined && books !== null && books.at >= since;
      return {
        subject,
        orders: 0,
        message: `${subject} answers from other data than before: its file was lost or replaced`,
        action: 'The books are audited',
        result: isAudited ? toVerdict(books.differences) : 'An audit was asked for',
      };
    });
  },
  conclude: () => 'Audited: the books balance',
};

const booksRule: Rule = {
  name: 'books-differ',
  calmMs: 0,
  find: ({ books }, open) => {
    const [known] = open;
    // Nothing new was learned since a restart: what was found before still counts.
    if (!books) return known ? [known] : [];
    if (books.differences.length === 0 || !(known || books.isConfirmed)) return [];
    return [
      {
        subject: 'books',
        orders: 0,
        message: `The books do not balance: ${books.differences.join('; ')}`.slice(0, 1_000),
        action: 'Audited again, and again until they balance; no order is changed for it',
        result: `Still so at ${toInstant(books.at)}`,
      },
    ];
  },
  conclude: (alert, seen) => `They balance again after ${toSpan(lastedMs(alert, seen))}`,
};

const unauditedRule: Rule = {
  name: 'books-unaudited',
  calmMs: 0,
  find: ({ at, books, unaudited }, [known]) => {
    // Nothing is known yet since a restart, or since what was known is in doubt.
    if (!unaudited) return known && !books ? [known] : [];
    return [
      {
        subject: 'books',
        orders: 0,
        message: `No audit came to a verdict since ${toInstant(unaudited.since)}: ${unaudited.why}`,
        action: 'Audited again, and again until one does; orders go on meanwhile',
        result: `Still none after ${toSpan(at - unaudited.since)}`,
      },
    ];
  },
  conclude: (alert, seen) => `Audited again after ${toSpan(lastedMs(alert, seen))}`,
};

const toVerdict = (differences: readonly string[]): string =>
  `Audited: the books do not balance: ${differences.join('; ')}`.slice(0, 1_000);

export const rules: readonly Rule[] = [
  breakerRule,
  overdueRule,
  stuckRule,
  queueRule,
  standbyRule,
  changedRule,
  booksRule,
  unauditedRule,
];
