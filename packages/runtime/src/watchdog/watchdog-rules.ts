/** When the watchdog barks, what is done about it, and when it is over. */

import { toInstant } from '../run/instant.ts';
import { toSpan } from './alert.ts';
import type { Observation, ObservedBreaker } from './watchdog-observation.ts';
import { type Finding, lastedMs, type Rule } from './watchdog-rule.ts';
import { overdueRule, stuckRule } from './watchdog-run-rules.ts';

const breakerRule: Rule = {
  name: 'breaker-open',
  // One that closes and opens again at once is one trouble.
  calmMs: 5_000,
  find: (seen) =>
    seen.breakers
      .filter(({ isOpen, isIdle }) => isOpen && !isIdle)
      .map((breaker) => toBreakerFinding(breaker, seen)),
  conclude: (alert, seen) => {
    const span = toSpan(lastedMs(alert, seen));
    const isIdle = seen.breakers.some((one) => one.participant === alert.subject && one.isIdle);
    const { noun, plural } = seen.words;
    if (isIdle)
      return `It answers again after ${span}, and no ${noun} waits: the next ${noun} probes it`;
    const { orders } = alert;
    // It is looked at once a second: one that waited for less may not have been seen.
    return `Closed after ${span}; ${orders > 0 ? `up to ${orders} ${plural} went on` : `no ${noun} was seen waiting`}`;
  },
};

const toBreakerFinding = (breaker: ObservedBreaker, { at, words }: Observation): Finding => ({
  subject: breaker.participant,
  orders: breaker.parked,
  message: `${toTrouble(breaker)}: its breaker opened`,
  action: `Its steps wait, which uses up no attempt, and one ${words.noun} at a time tries whether it is well`,
  result: `Still so at ${toInstant(at)}: ${breaker.parked} ${words.plural} wait${toNextTry(breaker)}`,
});

/** A call that threw may never have left, so it is not laid at the participant's door. */
function toTrouble({ participant, lastCode }: ObservedBreaker): string {
  if (lastCode === 'threw') return `Calls to ${participant} end in an error here (threw)`;
  return `${participant} fails or does not answer${lastCode === null ? '' : ` (${lastCode})`}`;
}

const toNextTry = ({ nextTryAt }: ObservedBreaker): string =>
  nextTryAt === null ? '' : `, next try at ${toInstant(nextTryAt)}`;

const deep = 0.8;
const shallow = 0.5;

const queueRule: Rule = {
  name: 'queue-deep',
  calmMs: 0,
  find: ({ queue: { open, openMax }, words: { plural } }, alerts) => {
    const mark = alerts.length > 0 ? shallow : deep;
    if (open < openMax * mark) return [];
    const message = `${open} of at most ${openMax} ${plural} are open`;
    const result = `New ${plural} are ${open < openMax ? 'still accepted' : 'refused for now'}`;
    const action = `Beyond the limit new ${plural} are refused with 503; accepted ones go on`;
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
  find: ({ books, words }, open) => {
    const [known] = open;
    // Nothing new was learned since a restart: what was found before still counts.
    if (!books) return known ? [known] : [];
    if (books.differences.length === 0 || !(known || books.isConfirmed)) return [];
    return [
      {
        subject: 'books',
        orders: 0,
        message: `The books do not balance: ${books.differences.join('; ')}`.slice(0, 1_000),
        action: `Audited again, and again until they balance; no ${words.noun} is changed for it`,
        result: `Still so at ${toInstant(books.at)}`,
      },
    ];
  },
  conclude: (alert, seen) => `They balance again after ${toSpan(lastedMs(alert, seen))}`,
};

const unauditedRule: Rule = {
  name: 'books-unaudited',
  calmMs: 0,
  find: ({ at, books, unaudited, words }, [known]) => {
    // Nothing is known yet since a restart, or since what was known is in doubt.
    if (!unaudited) return known && !books ? [known] : [];
    return [
      {
        subject: 'books',
        orders: 0,
        message: `No audit came to a verdict since ${toInstant(unaudited.since)}: ${unaudited.why}`,
        action: `Audited again, and again until one does; ${words.plural} go on meanwhile`,
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
