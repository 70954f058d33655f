/** Money: taken once, given back at most once. A mock of a card provider, not of its ledger. */
import type { Money } from '@baton/contracts';
import { Payment, PaymentTotal } from '@baton/contracts/payment-service';
import type { Sql, Work } from '@baton/service-kit/participant';

interface Charge {
  readonly amount: Money;
  readonly token: string;
}
export type Decision =
  | { readonly paymentId: string }
  | { readonly problem: 'payment-declined'; readonly detail: string };

const acceptedToken = 'tok_ok';
/** Ten million, in minor units: as any provider, it has a limit, and so its totals stay exact. */
const amountMaxMinor = 1_000_000_000;

const toPaymentId = (id: unknown): string => `pay_${String(id)}`;

export function takeMoney(
  { db, key, runId: orderId, nowMs }: Work,
  { amount, token }: Charge,
): Decision {
  if (token !== acceptedToken) {
    return { problem: 'payment-declined', detail: 'The card was declined' };
  }
  if (amount.amountMinor > amountMaxMinor) {
    return { problem: 'payment-declined', detail: 'The amount is above the limit of one payment' };
  }
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO payments (key, order_id, amount_minor, currency, status, at)
       VALUES (?, ?, ?, ?, 'taken', ?)`,
    )
    .run(key, orderId, amount.amountMinor, amount.currency, nowMs);
  return { paymentId: toPaymentId(lastInsertRowid) };
}

/** The whole amount that this key took, whatever the request says. */
export function giveBack({ db, key }: Work): void {
  db.prepare("UPDATE payments SET status = 'given-back' WHERE key = ?").run(key);
}

const totals = `
  SELECT currency, sum(amount_minor) AS taken,
    sum(CASE status WHEN 'given-back' THEN amount_minor ELSE 0 END) AS givenBack
  FROM payments GROUP BY currency ORDER BY currency`;

export const listTotals = (db: Sql): readonly PaymentTotal[] =>
  PaymentTotal.array().parse(db.prepare(totals).all());

const newest = `
  SELECT id, order_id, amount_minor, currency, status, at
  FROM payments WHERE id < ? ORDER BY id DESC LIMIT ?`;

type Row = Readonly<Record<string, unknown>>;

const toPayment = (row: Row): Payment =>
  Payment.parse({
    orderId: row.order_id,
    paymentId: toPaymentId(row.id),
    amount: { amountMinor: row.amount_minor, currency: row.currency },
    status: row.status,
    at: new Date(Number(row.at)).toISOString(),
  });

export const listPayments = (
  db: Sql,
  beforeId: number,
  limit: number,
): readonly (Payment & { readonly id: number })[] =>
  db
    .prepare(newest)
    .all(beforeId, limit)
    .map((row) => ({ id: Number(row.id), ...toPayment(row) }));

/** By the keys, which have an index: `;` is what follows `:`. */
const ofOrder = `
  SELECT id, order_id, amount_minor, currency, status, at
  FROM payments WHERE key >= ? || ':' AND key < ? || ';' ORDER BY id LIMIT 100`;

export const listPaymentsOf = (db: Sql, orderId: string): Payment[] =>
  db.prepare(ofOrder).all(orderId, orderId).map(toPayment);
