/** Money and stock, summed up. */
import type { RunState } from '@baton/saga';
import { z } from 'zod';
import { readPaid, readTotal } from '../place-order/order-words.ts';

/** Amounts in minor units by currency, and pieces by sku. */
export const Tally = z.object({
  money: z.record(z.string(), z.int()),
  stock: z.record(z.string(), z.int()),
});
export type Tally = z.infer<typeof Tally>;

const Input = z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) });

export const emptyTally: Tally = { money: {}, stock: {} };

/** What an order moved, as far as its steps said so; the rest of it is what it may move at most. */
export function toTally(state: RunState): Tally {
  const total = readPaid(state) ?? readTotal(state);
  const { lines } = Input.safeParse(state.input).data ?? { lines: [] };
  const stock = lines.reduce<Tally>(
    (sum, { sku, quantity }) => add(sum, { money: {}, stock: { [sku]: quantity } }),
    emptyTally,
  );
  return total ? add(stock, { money: { [total.currency]: total.amountMinor }, stock: {} }) : stock;
}

export const add = (a: Tally, b: Tally): Tally => ({
  money: addAmounts(a.money, b.money),
  stock: addAmounts(a.stock, b.stock),
});

function addAmounts(a: Tally['stock'], b: Tally['stock']): Tally['stock'] {
  const sums = { ...a };
  for (const [name, amount] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + amount;
  return sums;
}
