/** Messages to customers. A mock: a real service would hand them to a mail or SMS provider. */
import { Notification } from '@baton/contracts/notification-service';
import type { Sql, Work } from '@baton/service-kit/participant';

type Message = Pick<Notification, 'customerId' | 'template' | 'channel'>;

const toMessageId = (id: unknown): string => `msg_${String(id)}`;

/** The message's id. */
export function send({ db, key, runId: orderId, nowMs }: Work, message: Message): string {
  const { lastInsertRowid } = db
    .prepare(
      `INSERT INTO messages (key, order_id, customer_id, template, channel, at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(key, orderId, message.customerId, message.template, message.channel, nowMs);
  return toMessageId(lastInsertRowid);
}

export const countMessages = (db: Sql): number =>
  Number(db.prepare('SELECT count(*) AS n FROM messages').get()?.n);

const newest = `
  SELECT id, order_id, customer_id, template, channel, at
  FROM messages WHERE id < ? ORDER BY id DESC LIMIT ?`;

export const listMessages = (
  db: Sql,
  beforeId: number,
  limit: number,
): readonly (Notification & { readonly id: number })[] =>
  db
    .prepare(newest)
    .all(beforeId, limit)
    .map((row) => ({
      id: Number(row.id),
      ...Notification.parse({
        orderId: row.order_id,
        customerId: row.customer_id,
        messageId: toMessageId(row.id),
        template: row.template,
        channel: row.channel,
        at: new Date(Number(row.at)).toISOString(),
      }),
    }));
