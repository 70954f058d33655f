import { createHash, randomBytes } from 'node:crypto';
import type { PlaceOrder } from '@baton/contracts';

/**
 * 128 bits: random, or, with an Idempotency-Key, the hash of customer and key, so that the same key of two
 * customers is two orders, and the same key of one customer finds its order again.
 */
export function createOrderId(customerId: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return `ord_${randomBytes(16).toString('hex')}`;
  return `ord_${hash([customerId, idempotencyKey]).slice(0, 32)}`;
}

/** Two submissions under one key are the same when their fingerprints are. */
export const toFingerprint = ({ customerId, lines, payment }: PlaceOrder): string =>
  hash([
    customerId,
    ...lines.map(({ sku, quantity }) => `${sku} ${quantity}`),
    payment.method,
    payment.token,
  ]);

/** As JSON, so that no two lists of texts run together into one. */
const hash = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
