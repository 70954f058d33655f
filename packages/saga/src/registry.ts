import type { Saga } from './saga.ts';
import type { RunState } from './state.ts';

type Named = Pick<Saga<unknown>, 'name' | 'version' | 'structure'>;

/** The definitions that runs may go on under. */
export interface Registry {
  /** Throws when a run begun under it could not be gone on with after a restart. */
  require(saga: Named): void;
  readonly sagas: readonly Saga<unknown>[];
  /** False when no run of it can be gone on with, whatever its structure. */
  knows(named: Pick<Saga<unknown>, 'name' | 'version'>): boolean;
  /** Null when the run's definition is not registered, or has changed without a new version. */
  find(state: RunState): Saga<unknown> | null;
}

/** Throws a RangeError for two definitions under one name and version. */
export function createRegistry(sagas: readonly Saga<unknown>[]): Registry {
  const registry = new Map(sagas.map((saga) => [toKey(saga), saga]));
  const twice = sagas.find((saga) => registry.get(toKey(saga)) !== saga);
  if (twice) throw new RangeError(`${toKey(twice)} is registered twice`);
  const find = (named: Named): Saga<unknown> | null => {
    const saga = registry.get(toKey(named));
    return saga?.structure === named.structure ? saga : null;
  };
  return {
    sagas,
    require(saga) {
      if (!find(saga))
        throw new Error(`${toKey(saga)} is not registered: no restart could go on with it`);
    },
    knows: (named) => registry.has(toKey(named)),
    find: ({ saga, version, structure }) => find({ name: saga, version, structure }),
  };
}

const toKey = ({ name, version }: Pick<Saga<unknown>, 'name' | 'version'>): string =>
  `${name}@${version}`;
