/** Requests of fresh orders, made from the examples of the participant's own document. */
import { randomBytes } from 'node:crypto';
import type { Bodies, Body } from './description.ts';

export interface Order {
  readonly id: string;
  readonly key: string;
  /** The order's number: where there are several bodies, orders take them in turn. */
  readonly turn: number;
  /** Replaces `{unique}`. */
  readonly unique: string;
}

/** The id has the example's prefix, such as `ord_`. */
export function createOrder(turn: number, example?: Body): Order {
  const [prefix] = /^[a-z][a-z0-9]{0,15}_/.exec(String(example?.orderId)) ?? ['run_'];
  const id = `${prefix}conformance_${randomBytes(16).toString('hex')}`;
  return { id, key: `${id}:conformance`, turn, unique: randomBytes(6).toString('hex') };
}

/** Replaces the example's order id by the order's, everywhere. Without one, the key alone names the order. */
export function toText(bodies: Bodies, { id, turn, unique }: Order): string {
  const body = bodies[turn % bodies.length] ?? bodies[0];
  const text = JSON.stringify(body).replaceAll('{unique}', unique);
  return typeof body.orderId === 'string'
    ? text.replaceAll(JSON.stringify(body.orderId), JSON.stringify(id))
    : text;
}

function listValues(text: string): string[] {
  const values: string[] = [];
  JSON.parse(text, (_name, value) => {
    if (typeof value === 'string' || typeof value === 'number') values.push(JSON.stringify(value));
    return value;
  });
  return values;
}

/** The order's id, and as JSON the other values by which its request differs from the next one: a coupon, a seat. */
export function listOwn(bodies: Bodies, order: Order): readonly string[] {
  const next = listValues(toText(bodies, createOrder(order.turn + 1)));
  const known = new Set([JSON.stringify(order.id), ...next]);
  return [order.id, ...listValues(toText(bodies, order)).filter((value) => !known.has(value))];
}

const changeNumber = (text: string): string =>
  text.replace(/:(\d{1,9})(?=[,}\]])/, (_m, n) => `:${Number(n) + 1}`);

const addField = (text: string, field: string): string => text.replace('{', `{${field},`);

/** Another request for the same order: a number changed, or a field more where there is none. */
export function toOtherText(bodies: Bodies, order: Order): string {
  const text = toText(bodies, order);
  const changed = changeNumber(text);
  return changed === text ? addField(text, '"conformance":1') : changed;
}

/** A body that breaks every contract. */
export const brokenText = '{"orderId":[]}';

/** JSON.parse would make it an own field; a literal would set the prototype. */
export const toPollutingText = (bodies: Bodies, order: Order): string =>
  addField(toText(bodies, order), '"__proto__":{"polluted":true}');

/** Larger than any order's request. */
const oversizedBytes = 256 * 1_024;

export const toOversizedText = (bodies: Bodies, order: Order): string =>
  addField(toText(bodies, order), `"padding":"${'x'.repeat(oversizedBytes)}"`);
