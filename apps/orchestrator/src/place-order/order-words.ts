/** What an order is worth and what its steps did, from its events alone: also of orders whose version is gone. */
import { Money } from '@baton/contracts';
import { type RunState, readWay } from '@baton/saga';
import { z } from 'zod';

const Priced = z.object({ total: Money });
const Paid = z.object({ paymentId: z.string(), amount: Money.optional() });
const Reserved = z.object({ reservationId: z.string() });
const Held = z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) });
const Sent = z.object({ messageId: z.string() });

/** What was asked for, when it was validated. */
export const readTotal = (state: RunState): Money | undefined =>
  Priced.safeParse(readWay(state, 'validate').output).data?.total;

/** What a provider said that it took; older ones do not say, and took what was asked for. */
function readPayment(state: RunState, way: string) {
  const paid = Paid.safeParse(readWay(state, way).output).data;
  return paid && { paymentId: paid.paymentId, amount: paid.amount ?? readTotal(state) };
}

/** What was paid, whoever took it; undefined as long as nobody did. */
export const readPaid = (state: RunState): Money | undefined =>
  (readPayment(state, 'pay') ?? readPayment(state, 'pay:alt'))?.amount;

/** Of a way that was done: ids and amounts, nothing about the customer. */
export function toResult(
  way: string,
  state: RunState,
): Readonly<Record<string, unknown>> | undefined {
  const { output } = readWay(state, way);
  if (/^pay(:|$)/.test(way)) return readPayment(state, way);
  return (
    Priced.safeParse(output).data ?? Reserved.safeParse(output).data ?? Sent.safeParse(output).data
  );
}

export const toWords = ({ amountMinor, currency }: Money): string =>
  `${(amountMinor / 100).toFixed(2)} ${currency}`;

/** How much a way moved: `24.00 EUR` of a payment, `2 mug` of a reservation. */
export function describeAmount(way: string, state: RunState): string | undefined {
  const amount = way === 'validate' ? readTotal(state) : readPayment(state, way)?.amount;
  if (amount) return toWords(amount);
  const { lines = [] } = Held.safeParse(readWay(state, way).output).data ?? {};
  return lines.map(({ sku, quantity }) => `${quantity} ${sku}`).join(', ') || undefined;
}

/** The same with its ids: `24.00 EUR, pay_7`. */
export function describeResult(way: string, state: RunState): string | undefined {
  const { paymentId, reservationId, messageId } = toResult(way, state) ?? {};
  const words = [describeAmount(way, state), paymentId, reservationId, messageId].filter(Boolean);
  return words.length > 0 ? words.join(', ') : undefined;
}

export function describeOrder(state: RunState): string | undefined {
  const worth = readPaid(state) ?? readTotal(state);
  return worth && `worth ${toWords(worth)}`;
}
