/** What an order moved, as far as its steps said so; the rest of it is what it may move at most. */
import { add, type Tally } from '@baton/runtime';
import type { RunState } from '@baton/saga';
import { readLines, readPaid, readTotal } from '../place-order/order-words.ts';

/** Money in minor units by currency, stock in pieces by sku. */
export function toTally(state: RunState): Tally {
  const total = readPaid(state) ?? readTotal(state);
  return readLines(state).reduce<Tally>(
    (sum, { sku, quantity }) => add(sum, { stock: { [sku]: quantity } }),
    total ? { money: { [total.currency]: total.amountMinor } } : {},
  );
}
