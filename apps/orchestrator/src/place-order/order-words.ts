/** What an order is worth and what its steps did, from its events alone: also of orders whose version is gone. */
import { Money } from '@baton/contracts';
import { type RunState, readWay } from '@baton/saga';
import { z } from 'zod';

const Priced = z.object({ total: Money });
const Paid = z.object({ paymentId: z.string(), amount: Money.optional() });
const Reserved = z.object({ reservationId: z.string() });
const Held = z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) });
const ReservedLines = Reserved.extend(Held.shape);
const Sent = z.object({ messageId: z.string() });

/** What the first step said that says something of the kind, whatever the workflow calls it. */
function findSaid<T>(kind: z.ZodType<T>, { ways }: RunState): T | undefined {
  for (const { output } of Object.values(ways)) {
    const said = output === undefined ? undefined : kind.safeParse(output).data;
    if (said !== undefined) return said;
  }
  return undefined;
}

/** What was asked for. */
export const readTotal = (state: RunState): Money | undefined => findSaid(Priced, state)?.total;

/** What is held in stock; before it is, and where an older answer does not say: what was asked for. */
export const readLines = (state: RunState) =>
  (findSaid(ReservedLines, state) ?? Held.safeParse(state.input).data)?.lines ?? [];

/** What a provider said that it took; older ones do not say, and took what was asked for. */
function readPayment(state: RunState, way: string) {
  const paid = Paid.safeParse(readWay(state, way).output).data;
  return paid && { paymentId: paid.paymentId, amount: paid.amount ?? readTotal(state) };
}

/** What was paid, whoever took it; undefined as long as nobody did. */
export function readPaid(state: RunState): Money | undefined {
  const paid = findSaid(Paid, state);
  return paid && (paid.amount ?? readTotal(state));
}

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

const toGoods = (lines: readonly { sku: string; quantity: number }[] = []): string | undefined =>
  lines.map(({ sku, quantity }) => `${quantity} ${sku}`).join(', ') || undefined;

const Asked = z.object({ customerId: z.string() });

/** For operators who look for a customer's orders: none is shown. */
export function readCustomer({ input }: RunState): readonly string[] {
  const asked = Asked.safeParse(input).data;
  return asked ? [asked.customerId] : [];
}

export const describeInput = ({ input }: RunState): string | undefined =>
  toGoods(Held.safeParse(input).data?.lines);

/** Stock at the inventory, money at whoever was asked to take it. */
export function describeHeld(way: string, state: RunState): string | undefined {
  if (way === 'reserve') return toGoods(readLines(state));
  const amount = /^pay(:|$)/.test(way) && (readPayment(state, way)?.amount ?? readTotal(state));
  return amount ? toWords(amount) : undefined;
}

/** What an undo gives back: `24.00 EUR to the customer`. */
export function describeOwed(way: string, state: RunState): string | undefined {
  const held = describeHeld(way, state);
  const whose = way === 'reserve' ? 'to the stock' : 'to the customer';
  return (
    held && `${held} ${whose}${readWay(state, way).result === 'ok' ? '' : ', if it was taken'}`
  );
}

/** How much a way moved: `24.00 EUR` of a payment, `2 mug` of a reservation. */
function describeAmount(way: string, state: RunState): string | undefined {
  const amount = way === 'validate' ? readTotal(state) : readPayment(state, way)?.amount;
  if (amount) return toWords(amount);
  return toGoods(Held.safeParse(readWay(state, way).output).data?.lines);
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
