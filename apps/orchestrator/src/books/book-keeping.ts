/** The shop's books, as the runtime asks for them. */
import type { Audit } from '@baton/contracts';
import {
  type BookKeeping,
  createPruning,
  createTotals,
  type Participants,
  type PruningOptions,
} from '@baton/runtime';
import type { Engine } from '@baton/saga';
import { audit } from './audit.ts';
import { findDifferences } from './differences.ts';
import { toTally } from './tally.ts';

export interface BookKeepingOptions extends Omit<PruningOptions, 'moved'> {
  readonly participants: Participants;
  /** Where totals are kept from one process to the next. */
  readonly path?: string | undefined;
}
interface ShopBooks extends BookKeeping {
  readonly audit: (
    running: { readonly engine: Engine },
    signal: AbortSignal,
  ) => Promise<Audit | undefined>;
}

export function createBookKeeping({
  participants,
  path,
  ...options
}: BookKeepingOptions): ShopBooks {
  const pruning = createPruning({ ...options, moved: toTally });
  const totals = createTotals(pruning, path);
  const read: ShopBooks['audit'] = ({ engine }, signal) =>
    audit({ engine, participants, pruning, totals }, { signal, nowMs: options.now() });
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
