import type { DatabaseSync } from 'node:sqlite';

export const schema = `
  CREATE TABLE IF NOT EXISTS products (
    sku TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    currency TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    lines TEXT NOT NULL CHECK (json_valid(lines)),
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('validated', 'cancelled'))
  ) STRICT;
  CREATE INDEX IF NOT EXISTS orders_by_order_id ON orders (order_id);`;

type SeedProduct = readonly [sku: string, name: string, priceMinor: number, currency: string];

/** The inventory counts them. */
const products: readonly SeedProduct[] = [
  ['mug', 'Mug', 1_200, 'EUR'],
  ['teapot', 'Teapot', 3_400, 'EUR'],
  ['kettle', 'Kettle', 4_900, 'EUR'],
  ['grinder', 'Coffee grinder', 8_900, 'EUR'],
  ['coffee-beans', 'Coffee beans, 1 kg', 1_850, 'EUR'],
  ['green-tea', 'Green tea, 100 g', 990, 'EUR'],
  ['filter-papers', 'Filter papers', 450, 'EUR'],
  ['apron', 'Apron', 2_600, 'EUR'],
  ['travel-mug', 'Travel mug', 1_900, 'USD'],
  ['numbered-print', 'Numbered print', 12_000, 'EUR'],
  ['first-edition', 'First edition', 9_500, 'EUR'],
];

export function seed(db: DatabaseSync): void {
  const insert = db.prepare('INSERT INTO products VALUES (?, ?, ?, ?)');
  for (const product of products) insert.run(...product);
}
