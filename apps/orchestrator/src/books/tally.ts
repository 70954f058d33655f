/** What an order moved, as far as its steps said so; the rest of it is what it may move at most. */
import { add, type Tally } from '@baton/runtime';
import { type RunState, readWay } from '@baton/saga';
import { z } from 'zod';
import { readPaid, readTotal } from '../place-order/order-words.ts';

const Listed = z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) });

/** Money in minor units by currency, stock in pieces by sku. */
export function toTally(state: RunState): Tally {
  const total = readPaid(state) ?? readTotal(state);
  const reserved = Listed.safeParse(readWay(state, 'reserve').output).data;
  // Before it is reserved, and where an older answer does not say: what was asked for.
  const { lines } = reserved ?? Listed.safeParse(state.input).data ?? { lines: [] };
  return lines.reduce<Tally>(
    (sum, { sku, quantity }) => add(sum, { stock: { [sku]: quantity } }),
    total ? { money: { [total.currency]: total.amountMinor } } : {},
  );
}
