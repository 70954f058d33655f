import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFiveApps } from '../src/five-apps.ts';
import { createFastFolder } from '../src/folder.ts';
import { audit } from './auditor.ts';
import type { Ordered } from './customers.ts';

const orders: readonly Ordered[] = [
  ['ada', 'tok_ok', ['mug', 2], ['teapot', 1]],
  ['bob', 'tok_ok', ['travel-mug', 3]],
  ['cem', 'tok_declined', ['mug', 1]],
].map(([customer, token, ...lines]) => ({
  customer: String(customer),
  key: `key-${customer}`,
  token: String(token),
  lines: lines.map(([sku, quantity]) => ({ sku: String(sku), quantity: Number(quantity) })),
  baggage: undefined,
  ids: new Set<string>(),
}));

let whole: string;
let folder: string;
beforeAll(async () => {
  whole = createFastFolder('auditor');
  const apps = await startFiveApps(whole);
  for (const { customer, key, token, lines, ids } of orders) {
    const payment = { method: 'card', token } as const;
    const order = { customerId: customer, lines: [...lines], payment };
    const options = { waitSeconds: 30, ...(key !== undefined && { idempotencyKey: key }) };
    const reply = await apps.client.placeOrder(order, options);
    if (reply.ok) (ids as Set<string>).add(reply.body.orderId);
  }
  await apps.close();
});
afterAll(() => rmSync(whole, { recursive: true }));
beforeEach(() => {
  folder = createFastFolder('audited');
  cpSync(whole, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const idOf = (customer: string): string =>
  [...(orders.find((order) => order.customer === customer)?.ids ?? [])][0] ?? '';

function change(file: string, sql: string): void {
  const database = new DatabaseSync(join(folder, file));
  database.exec(sql.replaceAll(/\b(ada|bob|cem)_order\b/g, (name) => idOf(name.slice(0, 3))));
  database.close();
}

/** With customers' names for their orders' ids. */
const ask = (ordered: readonly Ordered[] = orders): string[] =>
  audit(folder, ordered).map((finding) =>
    orders.reduce((text, { customer }) => text.replaceAll(idOf(customer), customer), finding),
  );

const journal = 'orchestrator/journal.sqlite';
const toAcceptedOf = (
  customer: string,
) => `UPDATE entries SET head = NULL, tail = json_set(event, '$.input.customerId', '${customer}')
  FROM events WHERE events.position = entries.position AND events.run = 'cem_order' AND event ->> 'seq' = 1`;
const [validated, stock, money, alternate, messages] = [
  'order-service.sqlite',
  'inventory-service.sqlite',
  'payment-service.sqlite',
  'payment-alternate.sqlite',
  'notification-service.sqlite',
];

it('finds nothing where all is well', () => {
  expect(ask()).toEqual([]);
});

describe.each<[what: string, file: string, sql: string, ...findings: string[]]>([
  [
    'an accepted order that is lost',
    journal,
    "DELETE FROM entries WHERE run = (SELECT number FROM runs WHERE id = 'cem_order'); DELETE FROM runs WHERE id = 'cem_order'",
    'cem was accepted and is lost',
  ],
  [
    'an order that is not settled',
    journal,
    "UPDATE runs SET settled_at = NULL, due_at = 9, status = 'running' WHERE id = 'cem_order'",
    'cem is not settled: running',
  ],
  [
    'an order in quarantine',
    journal,
    "UPDATE runs SET settled_at = NULL, due_at = 9, status = 'stuck', priority = 4 WHERE id = 'cem_order'",
    'cem is not settled: stuck, in quarantine',
  ],
  [
    'a message that is still owed',
    journal,
    "UPDATE runs SET due_at = 9 WHERE id = 'cem_order'",
    'cem is not settled: compensated',
  ],
  [
    'an order that ended twice',
    journal,
    `INSERT INTO entries (run, tail) SELECT number, event FROM events JOIN runs ON id = run
      WHERE id = 'cem_order' AND event ->> 'type' = 'compensated'`,
    'cem ended 2 times',
  ],
  [
    'an order of nobody',
    journal,
    toAcceptedOf('eve'),
    'cem is not the order of cem',
    'cem was ordered by nobody',
  ],
  [
    'an order that was accepted twice',
    journal,
    toAcceptedOf('ada'),
    'ada ordered once, and has ada and cem',
    'cem is not the order of cem',
  ],
  [
    'an order for another',
    validated,
    "UPDATE orders SET customer_id = 'eve' WHERE order_id = 'ada_order'",
    'ada is the order of ada, not of eve',
  ],
  [
    'an order that was undone and is valid',
    validated,
    "UPDATE orders SET status = 'validated' WHERE order_id = 'cem_order'",
    'cem compensated, and is valid 1 times',
  ],
  [
    'a reservation that is gone',
    stock,
    `PRAGMA foreign_keys = off; DELETE FROM reservations WHERE order_id = 'bob_order'`,
    'bob completed, and has 0 reservations',
  ],
  [
    'a reservation of something else',
    stock,
    "UPDATE reserved_lines SET quantity = 5 WHERE sku = 'teapot'",
    'ada holds 2 mug, 5 teapot for 2 mug, 1 teapot',
  ],
  [
    'a reservation that was left behind',
    stock,
    "INSERT INTO reservations (key, order_id) VALUES ('cem_order:again', 'cem_order')",
    'cem compensated, and has 1 reservations',
  ],
  [
    'stock that does not add up',
    stock,
    "PRAGMA ignore_check_constraints = on; UPDATE products SET on_hand = on_hand - 1 WHERE sku = 'mug'",
    'mug: 999999 on hand, 999998 free, 2 held',
  ],
  [
    'stock that nobody holds',
    stock,
    "UPDATE products SET free = free - 1, held = held + 1 WHERE sku = 'kettle'",
    'kettle: 1 held, customers have 0',
  ],
  [
    'a charge that is gone',
    money,
    "UPDATE payments SET status = 'given-back' WHERE order_id = 'bob_order'",
    'USD: 0 kept, customers owe 5700',
    'bob completed, and has 0 charges',
  ],
  [
    'a charge of another amount',
    money,
    "UPDATE payments SET amount_minor = 1 WHERE order_id = 'bob_order'",
    'USD: 1 kept, customers owe 5700',
    'bob paid 1 USD for 5700 USD',
  ],
  [
    'a second charge elsewhere',
    alternate,
    "INSERT INTO payments VALUES (1, 'ada_order:pay:alt', 'ada_order', 5800, 'EUR', 'taken', 1)",
    'EUR: 11600 kept, customers owe 5800',
    'ada completed, and has 2 charges',
  ],
  [
    'a charge that was left behind',
    alternate,
    "INSERT INTO payments VALUES (1, 'cem_order:pay:alt', 'cem_order', 1200, 'EUR', 'taken', 1)",
    'EUR: 7000 kept, customers owe 5800',
    'cem compensated, and has 1 charges',
  ],
  [
    'a charge for no order',
    money,
    "INSERT INTO payments VALUES (99, 'ord_9:pay', 'ord_9', 1, 'EUR', 'taken', 1)",
    'EUR: 5801 kept, customers owe 5800',
    'ord_9 is no order, and stands at a participant',
  ],
  [
    'a customer who was not told',
    messages,
    "DELETE FROM messages WHERE order_id = 'bob_order'",
    'bob completed, and its customer was told 0 times',
  ],
  [
    'a customer who was told the same twice',
    messages,
    `INSERT INTO messages (key, order_id, customer_id, template, channel, at)
      SELECT key || ':2', order_id, customer_id, template, channel, at FROM messages WHERE order_id = 'bob_order'`,
    'bob completed, and its customer was told 2 times',
  ],
  [
    'a customer who was told of what was undone',
    messages,
    `INSERT INTO messages VALUES (99, 'cem_order:notify', 'cem_order', 'cem', 'order-completed', 'email', 1)`,
    'cem compensated, and its customer was told 1 times',
  ],
])('%s', (_what, file, sql, ...findings) => {
  it('is found', () => {
    change(file, sql);
    expect(ask().sort()).toEqual(findings.sort());
  });
});

it('allows an e-mail and an SMS, since nobody may know whether the first one left', () => {
  change(
    messages,
    `INSERT INTO messages SELECT 99, key || ':alt', order_id, customer_id, template, 'sms', at FROM messages
      WHERE order_id = 'bob_order'`,
  );
  expect(ask()).toEqual([]);
});

it('finds that a card was declined and the order completed', () => {
  const declined = orders.map((order) =>
    order.customer === 'ada' ? { ...order, token: 'tok_declined' } : order,
  );
  expect(ask(declined)).toEqual(['ada completed, and its card was declined']);
});

it('finds two orders under one key', () => {
  const [ada, ...others] = orders;
  if (!ada) throw new Error('ada ordered nothing');
  const twice = [{ ...ada, ids: new Set([idOf('ada'), idOf('bob')]) }, ...others];
  expect(ask(twice)).toEqual(['ada was told ada and bob', 'bob is not the order of ada']);
});
