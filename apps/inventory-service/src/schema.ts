import type { DatabaseSync } from 'node:sqlite';

/** The last line of defence: in spite of bugs, stock is never negative and always adds up. */
export const schema = `
  CREATE TABLE IF NOT EXISTS products (
    sku TEXT PRIMARY KEY,
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    free INTEGER NOT NULL CHECK (free >= 0),
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    CHECK (on_hand = free + held)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS reservations (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS reserved_lines (
    reservation_id INTEGER NOT NULL REFERENCES reservations (id),
    sku TEXT NOT NULL REFERENCES products (sku),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (reservation_id, sku)
  ) STRICT;`;

const plenty = 1_000_000;

/** The order service's catalogue, counted. */
const stock: Readonly<Record<string, number>> = {
  mug: plenty,
  teapot: plenty,
  kettle: plenty,
  grinder: plenty,
  'coffee-beans': plenty,
  'green-tea': plenty,
  'filter-papers': plenty,
  apron: plenty,
  'travel-mug': plenty,
  'numbered-print': 5,
  'first-edition': 0,
};

export function seed(db: DatabaseSync): void {
  const insert = db.prepare('INSERT INTO products (sku, on_hand, free) VALUES (?, ?, ?)');
  for (const [sku, onHand] of Object.entries(stock)) insert.run(sku, onHand, onHand);
}
