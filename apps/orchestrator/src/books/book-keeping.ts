/** The shop's books, as the runtime asks for them. */
import type { Audit } from '@baton/contracts';
import {
  type BookKeeping,
  createPruning,
  type Participants,
  type PruningOptions,
} from '@baton/runtime';
import type { Engine } from '@baton/saga';
import { toWords } from '../place-order/order-words.ts';
import { audit } from './audit.ts';
import { toTally } from './tally.ts';

export interface BookKeepingOptions extends Omit<PruningOptions, 'moved'> {
  readonly participants: Participants;
}
interface ShopBooks extends BookKeeping {
  readonly audit: (
    running: { readonly engine: Engine },
    signal: AbortSignal,
  ) => Promise<Audit | undefined>;
}

export function createBookKeeping({ participants, ...options }: BookKeepingOptions): ShopBooks {
  const pruning = createPruning({ ...options, moved: toTally });
  const read: ShopBooks['audit'] = ({ engine }, signal) =>
    audit({ engine, participants, pruning }, { signal, nowMs: options.now() });
  return {
    carry: pruning.carry,
    audit: read,
    open: (engine) => ({
      audit: async (signal) => {
        const said = await read({ engine }, signal);
        return said && { differences: findDifferences(said), unreachable: said.unreachable };
      },
    }),
  };
}

export const findDifferences = ({ money, stock, writtenOff }: Audit): string[] => [
  ...money.flatMap(({ balanced, currency, taken, givenBack, completedOrders }) =>
    balanced
      ? []
      : [
          `${currency}: ${taken} taken and ${givenBack} given back, ${completedOrders} of completed orders`,
        ],
  ),
  ...stock.flatMap(({ balanced, sku, held, heldByOrders }) =>
    balanced ? [] : [`${sku}: ${held} held, ${heldByOrders} by completed orders`],
  ),
  ...writtenOff.map(
    ({ orderId, step, participant = 'its participant', amount }) =>
      `the undo of ${step} of ${orderId} is written off, and ${participant} still holds ${amount ? toWords(amount) : 'it'}`,
  ),
];
