/** Requests of fresh orders, made from the examples of the participant's own document. */
import { randomBytes } from 'node:crypto';
import type { Body } from './description.ts';

export interface Order {
  readonly id: string;
  readonly key: string;
}

export function createOrder(): Order {
  const id = `ord_conformance_${randomBytes(16).toString('hex')}`;
  return { id, key: `${id}:conformance` };
}

/** The example's order id, wherever it stands, becomes the order's. */
export function toText(example: Body, { id }: Order): string {
  const text = JSON.stringify(example);
  return typeof example.orderId === 'string'
    ? text.replaceAll(JSON.stringify(example.orderId), JSON.stringify(id))
    : text;
}

const changeNumber = (text: string): string =>
  text.replace(/:(\d{1,9})(?=[,}\]])/, (_m, n) => `:${Number(n) + 1}`);

/** Another request for the same order: a number changed, or a field more where there is none. */
export function toOtherText(example: Body, order: Order): string {
  const text = toText(example, order);
  const changed = changeNumber(text);
  return changed === text ? toText({ ...example, conformance: 1 }, order) : changed;
}

/** Broken whatever the contract says. */
export const brokenText = '{"orderId":[]}';

/** JSON.parse would make it an own field; a literal would set the prototype. */
export const toPollutingText = (example: Body, order: Order): string =>
  toText(example, order).replace('{', '{"__proto__":{"polluted":true},');

/** More than any request of an order needs. */
const oversizedBytes = 256 * 1_024;

export const toOversizedText = (example: Body, order: Order): string =>
  toText({ ...example, padding: 'x'.repeat(oversizedBytes) }, order);
