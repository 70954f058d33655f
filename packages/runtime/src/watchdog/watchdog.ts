/**
 * Compares findings with open alerts. Pure.
 *
 * 1. One alert for each rule and subject at a time.
 * 2. An alert ends only after its rule found nothing for a while: it does not flap.
 */
import { toInstant } from '../run/instant.ts';
import { type Alert, toSpan } from './alert.ts';
import type { Observation } from './watchdog-observation.ts';
import type { Finding, Rule } from './watchdog-rule.ts';
import { rules } from './watchdog-rules.ts';

export interface Watch {
  /** All open alerts, with their results so far. */
  readonly open: readonly Alert[];
  readonly opened: readonly Alert[];
  readonly resolved: readonly Alert[];
}

export function watch(open: readonly Alert[], seen: Observation): Watch {
  const watches = rules.map((rule) =>
    watchRule(
      rule,
      open.filter((alert) => alert.rule === rule.name),
      seen,
    ),
  );
  return {
    open: watches.flatMap((each) => each.open),
    opened: watches.flatMap((each) => each.opened),
    resolved: watches.flatMap((each) => each.resolved),
  };
}

function watchRule(rule: Rule, open: readonly Alert[], seen: Observation): Watch {
  const findings = new Map(rule.find(seen, open).map((finding) => [finding.subject, finding]));
  const known = new Set(open.map(({ subject }) => subject));
  const looked = open.map((alert) => look(rule, alert, findings.get(alert.subject), seen));
  const opened = [...findings.values()]
    .filter(({ subject }) => !known.has(subject))
    .map((finding) => toAlert(rule, finding, seen.at));
  return {
    open: [...looked.filter(({ resolvedAt }) => resolvedAt === null), ...opened],
    opened,
    resolved: looked.filter(({ resolvedAt }) => resolvedAt !== null),
  };
}

const toAlert = (rule: Rule, finding: Finding, at: number): Alert => ({
  ...finding,
  id: `${rule.name}:${finding.subject}:${at}`,
  rule: rule.name,
  openedAt: at,
  resolvedAt: null,
  calmSince: null,
});

function look(rule: Rule, alert: Alert, finding: Finding | undefined, seen: Observation): Alert {
  if (finding) {
    const orders = Math.max(alert.orders, finding.orders);
    return { ...alert, ...finding, orders, calmSince: null };
  }
  // The stored time may be of a clock that was ahead.
  const calmSince = Math.min(alert.calmSince ?? seen.at, seen.at);
  const calm = { ...alert, calmSince };
  const isBelieved = seen.at - calmSince >= rule.calmMs || rule.isOver?.(alert, seen);
  if (!isBelieved) return { ...calm, result: toCalmWords(calmSince, rule) };
  return {
    ...calm,
    resolvedAt: Math.max(alert.openedAt, seen.at),
    result: rule.conclude(calm, seen),
  };
}

/** What was seen before it would be stale. */
const toCalmWords = (calmSince: number, { calmMs }: Rule): string =>
  `Not seen since ${toInstant(calmSince)}; over once that has lasted for ${toSpan(calmMs)}`;
