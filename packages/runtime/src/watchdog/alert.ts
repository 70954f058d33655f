/** An alert as it is kept: times are milliseconds since the epoch. */
import { type Alert as AlertView, alertRules } from '@baton/contracts';
import { z } from 'zod';
import { toInstant } from '../run/instant.ts';

export const Alert = z.object({
  id: z.string(),
  rule: z.enum(alertRules),
  subject: z.string(),
  openedAt: z.int(),
  resolvedAt: z.int().nullable(),
  orders: z.int(),
  message: z.string(),
  action: z.string(),
  result: z.string(),
  skippable: z.array(z.string()).readonly().optional(),
  cancellable: z.boolean().optional(),
  /** Since when all looks well again: it is believed only after a while. */
  calmSince: z.int().nullable(),
});
export type Alert = Readonly<z.infer<typeof Alert>>;

/** What a person can do about it, as commands. */
export type ToCommands = (alert: Alert) => string[];

/** The subject of an alert about many. */
export const all = 'orders';

export function toAlertView(alert: Alert, toCommands: ToCommands): AlertView {
  const { id, rule, subject, openedAt, resolvedAt, orders, message, action, result } = alert;
  return {
    id,
    rule,
    subject,
    status: resolvedAt === null ? 'open' : 'resolved',
    openedAt: toInstant(openedAt),
    resolvedAt: resolvedAt === null ? null : toInstant(resolvedAt),
    orders,
    message,
    action,
    result,
    commands: toCommands(alert),
  };
}

/** A span of time in words, such as `12 s`. */
export function toSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
