/** Products and what lines of them cost. Prices come from here, never from a client. */
import { type Line, type Money, Product } from '@baton/contracts';
import type { Sql } from '@baton/service-kit/participant';

export type Pricing =
  | { readonly total: Money }
  | {
      readonly problem: 'unknown-sku' | 'mixed-currency' | 'total-too-large';
      readonly detail: string;
    };

/** 100,000.00: above it someone has made a mistake. */
const totalMaxMinor = 10_000_000;
const select = 'SELECT sku, name, price_minor, currency FROM products';

const toProduct = (row: Readonly<Record<string, unknown>>): Product =>
  Product.parse({
    sku: row.sku,
    name: row.name,
    price: { amountMinor: row.price_minor, currency: row.currency },
  });

export const listProducts = (db: Sql): readonly Product[] =>
  db.prepare(`${select} ORDER BY name`).all().map(toProduct);

function findPrice(db: Sql, sku: string): Money | undefined {
  const row = db.prepare(`${select} WHERE sku = ?`).get(sku);
  return row === undefined ? undefined : toProduct(row).price;
}

export function priceLines(db: Sql, lines: readonly Line[]): Pricing {
  const totals = new Map<Money['currency'], number>();
  for (const { sku, quantity } of lines) {
    const price = findPrice(db, sku);
    if (price === undefined) {
      return { problem: 'unknown-sku', detail: `${sku} is not in the catalogue` };
    }
    totals.set(price.currency, (totals.get(price.currency) ?? 0) + price.amountMinor * quantity);
  }
  const [first, second] = totals;
  if (first === undefined || second !== undefined) {
    return { problem: 'mixed-currency', detail: `Prices are in ${[...totals.keys()].join(', ')}` };
  }
  const [currency, amountMinor] = first;
  return amountMinor > totalMaxMinor
    ? { problem: 'total-too-large', detail: `At most ${totalMaxMinor} in minor units` }
    : { total: { amountMinor, currency } };
}
