/** Stock: an order holds what it reserved until it is released. */
import type { Line } from '@baton/contracts';
import { StockLevel } from '@baton/contracts/inventory-service';
import type { Sql, Work } from '@baton/service-kit/participant';

export type Reservation =
  | { readonly reservationId: string }
  | { readonly problem: 'out-of-stock' | 'unknown-sku'; readonly detail: string };
type Shortage = Extract<Reservation, { readonly problem: string }>;

/** An order may name a product on several lines; together they must be in stock. */
function sumBySku(lines: readonly Line[]): ReadonlyMap<string, number> {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) {
    quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  }
  return quantities;
}

function findShortage(db: Sql, quantities: ReadonlyMap<string, number>): Shortage | undefined {
  const find = db.prepare('SELECT free FROM products WHERE sku = ?');
  for (const [sku, quantity] of quantities) {
    const product = find.get(sku);
    if (product === undefined) return { problem: 'unknown-sku', detail: `${sku} is not stocked` };
    const free = Number(product.free);
    if (free < quantity) {
      return { problem: 'out-of-stock', detail: `${quantity} of ${sku} wanted, ${free} free` };
    }
  }
  return undefined;
}

/** All lines or none: nothing is written before every line was found in stock. */
export function reserve({ db, key, runId: orderId }: Work, lines: readonly Line[]): Reservation {
  const quantities = sumBySku(lines);
  const shortage = findShortage(db, quantities);
  if (shortage !== undefined) return shortage;

  const id = db
    .prepare('INSERT INTO reservations (key, order_id) VALUES (?, ?)')
    .run(key, orderId).lastInsertRowid;
  const insertLine = db.prepare('INSERT INTO reserved_lines VALUES (?, ?, ?)');
  const hold = db.prepare('UPDATE products SET free = free - ?, held = held + ? WHERE sku = ?');
  for (const [sku, quantity] of quantities) {
    insertLine.run(id, sku, quantity);
    hold.run(quantity, quantity, sku);
  }
  return { reservationId: `res_${id}` };
}

/** Gives back exactly what was held under this key, whatever the request says. */
export function release({ db, key }: Work): void {
  const reservation = db.prepare('SELECT id FROM reservations WHERE key = ?').get(key);
  const id = Number(reservation?.id);
  const giveBack = db.prepare('UPDATE products SET free = free + ?, held = held - ? WHERE sku = ?');
  const lines = db.prepare('SELECT sku, quantity FROM reserved_lines WHERE reservation_id = ?');
  for (const { sku, quantity } of lines.all(id)) {
    giveBack.run(Number(quantity), Number(quantity), String(sku));
  }
  db.prepare('DELETE FROM reserved_lines WHERE reservation_id = ?').run(id);
  db.prepare('DELETE FROM reservations WHERE id = ?').run(id);
}

const stockLevels = 'SELECT sku, on_hand AS onHand, free, held FROM products ORDER BY sku';

export const listStock = (db: Sql): readonly StockLevel[] =>
  StockLevel.array().parse(db.prepare(stockLevels).all());

/** By the keys, which have an index: `;` is what follows `:`. */
const heldForOrder = `
  SELECT sku, sum(quantity) AS quantity
  FROM reservations JOIN reserved_lines ON reservation_id = reservations.id
  WHERE key >= ? || ':' AND key < ? || ';' GROUP BY sku ORDER BY sku`;

export const listHeld = (db: Sql, orderId: string): Line[] =>
  db
    .prepare(heldForOrder)
    .all(orderId, orderId)
    .map(({ sku, quantity }) => ({ sku: String(sku), quantity: Number(quantity) }));
