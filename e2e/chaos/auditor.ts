/**
 * Compares customers' orders and answers with the files of the journal and of each participant. It shares no code with
 * the product: it reads tables, and of the journal only orders and their ends.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readRows } from '../src/books.ts';
import type { Ordered } from './customers.ts';

const files = {
  journal: 'orchestrator/journal.sqlite',
  validated: 'order-service.sqlite',
  stock: 'inventory-service.sqlite',
  money: 'payment-service.sqlite',
  money_alternate: 'payment-alternate.sqlite',
  told: 'notification-service.sqlite',
};

/** What customers know. */
const wishes = `
  CREATE TEMP TABLE wish (customer TEXT PRIMARY KEY, key TEXT, lines TEXT, token TEXT);
  CREATE TEMP TABLE answer (customer TEXT, id TEXT);`;

/** What the participants did, a row for each order; lines as one text. */
const effects = `
  CREATE TEMP VIEW charge AS SELECT * FROM money.payments WHERE status = 'taken'
    UNION ALL SELECT * FROM money_alternate.payments WHERE status = 'taken';
  CREATE TEMP TABLE valid AS SELECT order_id AS id, count(*) AS count, min(customer_id) AS customer
    FROM validated.orders WHERE status = 'validated' GROUP BY order_id;
  CREATE TEMP TABLE held AS SELECT order_id AS id, count(DISTINCT reservations.id) AS count,
    group_concat(quantity || ' ' || sku, ', ' ORDER BY sku) AS lines
    FROM stock.reservations LEFT JOIN stock.reserved_lines ON reservation_id = reservations.id GROUP BY order_id;
  CREATE TEMP TABLE paid AS SELECT order_id AS id, count(*) AS count, sum(amount_minor) || ' ' || min(currency) AS amount
    FROM charge GROUP BY order_id;
  CREATE TEMP TABLE message AS SELECT order_id AS id, min(customer_id) AS customer,
    sum(channel = 'email') AS emails, sum(channel = 'sms') AS texts, count(*) AS count
    FROM told.messages GROUP BY order_id;`;

/** Each order: its content, and its end. */
const orders = `
  CREATE TEMP TABLE ended AS SELECT run AS id, count(*) AS count FROM journal.events
    WHERE event ->> 'type' IN ('completed', 'compensated') GROUP BY run;
  CREATE TEMP TABLE ordered AS SELECT runs.id, runs.status, place, ifnull(ended.count, 0) AS ends, customer, key, token,
    status = 'completed' AS is_done, settled_at IS NOT NULL AND due_at IS NULL AS is_settled,
    (SELECT group_concat(value ->> 'quantity' || ' ' || (value ->> 'sku'), ', ' ORDER BY value ->> 'sku')
      FROM json_each(lines)) AS lines,
    (SELECT sum((value ->> 'quantity') * price_minor) || ' ' || min(currency)
      FROM json_each(lines) JOIN validated.products ON products.sku = value ->> 'sku') AS amount
    FROM journal.runs JOIN journal.events ON events.run = runs.id AND event ->> 'seq' = 1
    LEFT JOIN ended ON ended.id = runs.id LEFT JOIN wish ON customer = event ->> '$.input.customerId';
  CREATE TEMP VIEW settled AS SELECT ordered.*, ifnull(valid.count, 0) AS valid, ifnull(held.count, 0) AS reservations,
    held.lines AS held, ifnull(paid.count, 0) AS charges, paid.amount AS paid, ifnull(message.count, 0) AS messages,
    emails, texts, valid.customer AS valid_for, message.customer AS told
    FROM ordered LEFT JOIN valid USING (id) LEFT JOIN held USING (id) LEFT JOIN paid USING (id) LEFT JOIN message USING (id)
    WHERE is_settled;`;

/** Each query finds nothing where all is well, otherwise the faults in words. */
const questions = [
  `SELECT id || ' was accepted and is lost' FROM answer WHERE id NOT IN (SELECT id FROM ordered)`,
  `SELECT id || ' was ordered by nobody' FROM ordered WHERE customer IS NULL`,
  `SELECT customer || ' ordered once, and has ' || group_concat(id, ' and ') FROM ordered GROUP BY customer HAVING count(*) > 1`,
  `SELECT answer.customer || ' was told ' || group_concat(answer.id, ' and ') FROM answer GROUP BY customer HAVING count(*) > 1`,
  `SELECT answer.id || ' is not the order of ' || answer.customer FROM answer JOIN ordered USING (id)
    WHERE ordered.customer IS NOT answer.customer`,
  `SELECT id || ' is not settled: ' || status || iif(place = 'aside', ', in quarantine', '') FROM ordered WHERE NOT is_settled`,
  `SELECT id || ' ended ' || ends || ' times' FROM settled WHERE ends <> 1`,
  `SELECT id || ' completed, and its card was declined' FROM settled WHERE is_done AND token = 'tok_declined'`,
  `SELECT id || ' ' || status || ', and is valid ' || valid || ' times' FROM settled WHERE valid <> is_done`,
  `SELECT id || ' ' || status || ', and has ' || reservations || ' reservations' FROM settled WHERE reservations <> is_done`,
  `SELECT id || ' ' || status || ', and has ' || charges || ' charges' FROM settled WHERE charges <> is_done`,
  `SELECT id || ' holds ' || ifnull(held, 'nothing') || ' for ' || lines FROM settled WHERE is_done AND reservations = 1 AND held IS NOT lines`,
  `SELECT id || ' paid ' || paid || ' for ' || amount FROM settled WHERE is_done AND charges = 1 AND paid IS NOT amount`,
  // Where nobody knows whether the e-mail left, an SMS may follow it; none is sent twice.
  `SELECT id || ' ' || status || ', and its customer was told ' || messages || ' times' FROM settled
    WHERE (messages > 0) <> is_done OR emails > 1 OR texts > 1`,
  `SELECT id || ' is the order of ' || customer || ', not of ' || other FROM
    (SELECT *, coalesce(nullif(valid_for, customer), nullif(told, customer)) AS other FROM settled) WHERE other IS NOT NULL`,
  `SELECT id || ' is no order, and stands at a participant' FROM (SELECT id FROM valid UNION SELECT id FROM held
    UNION SELECT id FROM paid UNION SELECT id FROM message) WHERE id NOT IN (SELECT id FROM ordered)`,
  `SELECT sku || ': ' || on_hand || ' on hand, ' || free || ' free, ' || held || ' held' FROM stock.products
    WHERE on_hand <> free + held OR free < 0`,
  `SELECT sku || ': ' || held || ' held, customers have ' || wanted FROM (SELECT sku, held,
    (SELECT ifnull(sum(value ->> 'quantity'), 0) FROM ordered JOIN wish USING (customer), json_each(wish.lines)
      WHERE is_done AND value ->> 'sku' = sku) AS wanted FROM stock.products) WHERE held <> wanted`,
  `SELECT currency || ': ' || kept || ' kept, customers owe ' || owed FROM (SELECT currency,
    (SELECT ifnull(sum(amount_minor), 0) FROM charge WHERE charge.currency = all_of.currency) AS kept,
    (SELECT ifnull(sum(amount + 0), 0) FROM ordered WHERE is_done AND amount LIKE '% ' || all_of.currency) AS owed
    FROM (SELECT DISTINCT currency FROM validated.products) AS all_of) WHERE kept <> owed`,
];

function openFiles(dataDir: string, journal: string): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  for (const [name, file] of Object.entries({ ...files, journal }))
    database.prepare(`ATTACH ? AS ${name}`).run(`file:${join(dataDir, file)}?mode=ro`);
  return database;
}

function noteWishes(database: DatabaseSync, ordered: readonly Ordered[]): void {
  database.exec(wishes);
  const wish = database.prepare('INSERT INTO wish VALUES (?, ?, ?, ?)');
  const answer = database.prepare('INSERT INTO answer VALUES (?, ?)');
  for (const { customer, key, lines, token, ids } of ordered) {
    wish.run(customer, key ?? null, JSON.stringify(lines), token);
    for (const id of ids) answer.run(customer, id);
  }
}

/** Every fault found, in words; empty when each order ended whole and all is exact. The journal's path is one in the folder. */
export function audit(
  dataDir: string,
  ordered: readonly Ordered[],
  journal: string = files.journal,
): string[] {
  const database = openFiles(dataDir, journal);
  try {
    noteWishes(database, ordered);
    database.exec(effects);
    database.exec(orders);
    return questions.flatMap((sql) =>
      database
        .prepare(sql)
        .all()
        .map((row) => String(Object.values(row)[0])),
    );
  } finally {
    database.close();
  }
}

/**
 * How many orders are in each place: `done` orders want nothing more. Undefined while a process that was started again,
 * and frozen perhaps, has the journal for itself.
 */
export function countPlaces(
  dataDir: string,
  journal: string = files.journal,
): Map<string, number> | undefined {
  try {
    return readCounts(
      dataDir,
      journal,
      'SELECT place AS name, count(*) AS count FROM runs GROUP BY place',
    );
  } catch (error) {
    // A process has the journal for itself, or was killed and left a log that only a writer can read.
    if (error instanceof Error && /locked|unable to open/.test(error.message)) return undefined;
    throw error;
  }
}

/** How orders ended, and how many were set aside on the way. */
export const countEnds = (dataDir: string): Map<string, number> =>
  readCounts(
    dataDir,
    files.journal,
    `SELECT status AS name, count(*) AS count FROM runs GROUP BY status UNION ALL
      SELECT 'quarantined', count(DISTINCT run) FROM events WHERE event ->> 'type' = 'quarantined'`,
  );

const readCounts = (dataDir: string, journal: string, sql: string): Map<string, number> =>
  new Map(readRows(dataDir, journal, sql).map(({ name, count }) => [String(name), Number(count)]));
