/** A participant whose effects are unique beyond the order: each coupon is redeemed once, each seat has one order. */
import { defineOperation, RunId } from '@baton/contracts';
import { createServiceApp, openStore, type Participant } from '@baton/service-kit/participant';
import { toQuietOptions } from '@baton/service-kit/testing';
import { z } from 'zod';

const schema = `
  CREATE TABLE coupons (code TEXT PRIMARY KEY);
  CREATE TABLE seats (number INTEGER PRIMARY KEY);
  INSERT INTO coupons VALUES ('USED');
`;

const service = 'unique-service';
const orderId = 'trip_1';
const Reply = z.object({ orderId: RunId });
const Coupon = z.strictObject({ orderId: RunId, coupon: z.string().regex(/^[A-Za-z0-9-]+$/) });
const Seat = z.strictObject({ orderId: RunId, seat: z.int().min(1).max(40) });
const taken = { taken: { status: 409, title: 'Another order has it', refusal: true } } as const;
const fenced = { service, method: 'POST', replies: { 200: Reply } } as const;

/** The undo names the seat, too, so each undo must fit its own effect. */
const seats = [12, 3, 40, 7, 31, 22, 5, 18, 9, 27, 14, 36].map((seat) => ({ orderId, seat }));

/** Without templates, its document has one example of each request. */
function createOperations(hasTemplates: boolean) {
  const redeem = defineOperation({
    ...fenced,
    name: 'unique.redeem',
    kind: 'effect',
    path: '/redeem',
    summary: 'Redeem a coupon, for good',
    undo: null,
    body: Coupon,
    problems: taken,
    examples: {
      body: { orderId, coupon: 'SPRING-1' },
      ...(hasTemplates && { template: { orderId, coupon: 'TEST-{unique}' } }),
      reply: { orderId },
      refusal: { code: 'taken', body: { orderId, coupon: 'USED' } },
    },
  });
  const sit = defineOperation({
    ...fenced,
    name: 'unique.sit',
    kind: 'effect',
    path: '/sit',
    summary: 'Take a seat',
    undo: '/leave',
    body: Seat,
    problems: taken,
    examples: {
      body: { orderId, seat: 1 },
      ...(hasTemplates && { template: seats }),
      reply: { orderId },
    },
  });
  const leave = defineOperation({
    ...fenced,
    name: 'unique.leave',
    kind: 'undo',
    path: '/leave',
    summary: 'Leave the seat',
    body: Seat,
    problems: {},
    examples: { ...sit.examples },
  });
  const list = defineOperation({
    service,
    name: 'unique.list',
    kind: 'read',
    method: 'GET',
    path: '/taken',
    summary: 'What is taken',
    replies: { 200: z.object({ coupons: z.array(z.string()), seats: z.array(z.int()) }) },
    problems: {},
    examples: { reply: { coupons: ['USED'], seats: [] } },
  });
  return { redeem, sit, leave, list };
}

export function createUnique({ hasTemplates = true } = {}): Participant {
  const options = toQuietOptions(service);
  const store = openStore({ ...options, migrations: [schema] });
  const { db } = store;
  const insert = (table: string, value: string | number): boolean =>
    db.prepare(`INSERT INTO ${table} VALUES (?) ON CONFLICT DO NOTHING`).run(value).changes > 0;
  const answer = (isNew: boolean, runId: string) =>
    isNew ? { status: 200 as const, body: { orderId: runId } } : { problem: 'taken' as const };
  const listAll = (column: string, table: string) =>
    db
      .prepare(`SELECT ${column} AS it FROM ${table} ORDER BY rowid`)
      .all()
      .map(({ it }) => it);
  const operations = createOperations(hasTemplates);
  const { app, routes } = createServiceApp({ ...options, service, operations, store })({
    redeem: ({ runId }, { coupon }) => answer(insert('coupons', coupon), runId),
    sit: ({ runId }, { seat }) => answer(insert('seats', seat), runId),
    leave: (_work, { seat }) => {
      db.prepare('DELETE FROM seats WHERE number = ?').run(seat);
      return undefined;
    },
    list: () => {
      const coupons = listAll('code', 'coupons').map(String);
      return { status: 200, body: { coupons, seats: listAll('number', 'seats').map(Number) } };
    },
  });
  return { app, routes, store, close: store.close };
}
