/**
 * What is carried of pruned orders. While an audit reads, an order may be pruned and become a part of what is carried:
 * the audit hears of it, so that each order counts once.
 */
import type { RunState, Saga } from '@baton/saga';
import { z } from 'zod';
import { findDefinition } from '../run/definition.ts';
import { findWay } from '../run/run-view.ts';
import { add, type Tally } from './tally.ts';

/** An undo that an operator gave up: the effect may stand at the participant. */
export const GivenUp = z.object({
  /** The run's id: archives are older than workflows with other names. */
  orderId: z.string(),
  way: z.string(),
  /** Undefined where the definition was gone by then. */
  participant: z.string().optional(),
  reason: z.string(),
  /** In milliseconds since the epoch. */
  at: z.number(),
});
export type GivenUp = z.infer<typeof GivenUp>;

/** What one run, or all pruned ones, hold for good. */
export interface Carried {
  readonly tally: Tally;
  readonly givenUp: readonly GivenUp[];
}

/** In the archive, accounts stand beside what was given up. */
const Archived = z
  .object({ givenUp: z.array(GivenUp).default([]) })
  .catchall(z.record(z.string(), z.int()));

export function readCarried(stored: unknown): Carried {
  const { givenUp, ...tally } = Archived.safeParse(stored).data ?? { givenUp: [] };
  return { givenUp, tally };
}

const toArchived = ({ tally, givenUp }: Carried) => ({ ...tally, givenUp });

export interface Pruned {
  readonly id: string;
  readonly settledAt: number;
  /** What this order alone holds. */
  readonly share: Carried;
}

export interface Pruning {
  /** What a run holds for good, and what it holds because an operator gave it up. */
  readonly toShare: (id: string, state: RunState) => Carried;
  /** For the engine: adds an order that is about to be pruned. */
  readonly carry: (stored: unknown, state: RunState, id: string) => unknown;
  /** Hears of each order that is pruned from now on; returns how to stop. */
  readonly follow: (listener: (pruned: Pruned) => void) => () => void;
  /** No order that settles later than this is pruned while an audit that begins now reads. */
  readonly reach: () => number;
}

export interface PruningOptions {
  readonly sagas: readonly Saga<unknown>[];
  /** What the steps of a run say that they moved; of an open run, what it may move at most. */
  readonly moved: (state: RunState) => Tally;
  /** As the engine is told. */
  readonly keepMs: number | undefined;
  readonly now: () => number;
}

/** Longer than an audit may take. */
const auditMaxMs = 900_000;

export function createPruning({ sagas, moved, keepMs, now }: PruningOptions): Pruning {
  const listeners = new Set<(pruned: Pruned) => void>();
  const toShare: Pruning['toShare'] = (id, state) => ({
    tally: state.phase === 'completed' ? moved(state) : {},
    givenUp: findGivenUp(id, findDefinition(sagas, state), state),
  });
  return {
    toShare,
    carry: (stored, state, id) => {
      const share = toShare(id, state);
      for (const hear of listeners) hear({ id, settledAt: state.settledAt ?? 0, share });
      return toArchived(addShare(readCarried(stored), share));
    },
    follow: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reach: () => (keepMs === undefined ? 0 : now() - keepMs + auditMaxMs),
  };
}

export const addShare = (carried: Carried, share: Carried): Carried => ({
  tally: add(carried.tally, share.tally),
  givenUp: [...carried.givenUp, ...share.givenUp],
});

/** Adds up two archives. */
export const addCarried = (a: unknown, b: unknown): unknown =>
  toArchived(addShare(readCarried(a), readCarried(b)));

/** Undos only: a deferred step that was written off was never done, so nobody holds anything of it. */
const findGivenUp = (id: string, saga: Saga<unknown> | null, state: RunState): GivenUp[] =>
  Object.entries(state.ways).flatMap(([way, { writtenOff }]) =>
    writtenOff?.direction === 'undo'
      ? [
          {
            orderId: id,
            way,
            participant: findWay(saga, way)?.participant,
            reason: writtenOff.reason,
            at: writtenOff.at,
          },
        ]
      : [],
  );
