import type { AlertRule } from '@baton/contracts';
import type { Alert } from './alert.ts';
import type { Observation } from './watchdog-observation.ts';

/** Something that is wrong now. */
export interface Finding {
  readonly subject: string;
  readonly orders: number;
  readonly message: string;
  /** What is done about it without an operator. */
  readonly action: string;
  readonly result: string;
  /** Steps that an operator can write off. */
  readonly skippable?: readonly string[] | undefined;
  readonly cancellable?: boolean | undefined;
}

/** Pure. `open` are the rule's own alerts, so that one may end at another mark than it began. */
export interface Rule {
  readonly name: AlertRule;
  /** So long must all look well until it is believed. */
  readonly calmMs: number;
  /** Over for good, so that nothing has to be waited for. */
  isOver?(alert: Alert, seen: Observation): boolean;
  find(seen: Observation, open: readonly Alert[]): readonly Finding[];
  /** What came of it, once it is over. */
  conclude(alert: Alert, seen: Observation): string;
}

/** From the opening to when all looked well. */
export const lastedMs = (alert: Alert, { at }: Observation): number =>
  (alert.calmSince ?? at) - alert.openedAt;
