/** Orders as this service knows them: the customer, the lines, the price, and whether the order still stands. */
import type { BodyOf, ReplyBodyOf } from '@baton/contracts';
import { orderOperations } from '@baton/contracts/order-service';
import type { Sql, Work } from '@baton/service-kit/participant';
import { type Pricing, priceLines } from './catalogue.ts';

type OrderRequest = Pick<BodyOf<typeof orderOperations.validate>, 'customerId' | 'lines'>;
export type StoredOrder = ReplyBodyOf<typeof orderOperations.getOrder, 200>;

const insert = `
  INSERT INTO orders (key, order_id, customer_id, lines, total_minor, currency, status)
  VALUES (?, ?, ?, ?, ?, ?, 'validated')`;

export function storeOrder(
  { db, key, runId: orderId }: Work,
  { customerId, lines }: OrderRequest,
): Pricing {
  const pricing = priceLines(db, lines);
  if ('problem' in pricing) return pricing;
  const { amountMinor, currency } = pricing.total;
  db.prepare(insert).run(key, orderId, customerId, JSON.stringify(lines), amountMinor, currency);
  return pricing;
}

export function cancelOrder({ db, key }: Work): void {
  db.prepare("UPDATE orders SET status = 'cancelled' WHERE key = ?").run(key);
}

/** The newest, should an order have been validated under more than one key. */
export function findOrder(db: Sql, orderId: string): StoredOrder | undefined {
  const row = db.prepare('SELECT * FROM orders WHERE order_id = ? ORDER BY id DESC').get(orderId);
  if (row === undefined) return undefined;
  return orderOperations.getOrder.replies[200].parse({
    orderId: row.order_id,
    customerId: row.customer_id,
    status: row.status,
    lines: JSON.parse(String(row.lines)),
    total: { amountMinor: row.total_minor, currency: row.currency },
  });
}
