/** Products and prices, the last known ones while the order service is down. */
import type { Product } from '@baton/contracts';
import { toInstant } from './instant.ts';
import type { Participants } from './participants.ts';

interface Known {
  readonly products: Product[];
  readonly at: string;
}

export interface Catalog {
  /** Undefined when nothing was ever learned. */
  read(signal: AbortSignal): Promise<(Known & { readonly stale: boolean }) | undefined>;
}

/** A caller is not made to wait longer than this for prices that are known already. */
const patienceMs = 1_000;

export function createCatalog({ orders }: Participants, now: () => number): Catalog {
  let known: Known | undefined;
  return {
    async read(signal) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
      const reply = await orders.getCatalog({}, { signal: deadline });
      if (reply.ok) known = { products: reply.body.products, at: toInstant(now()) };
      return known && { ...known, stale: !reply.ok };
    },
  };
}
