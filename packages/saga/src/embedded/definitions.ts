import type { Saga } from '../core/saga.ts';

type Named = Pick<Saga<unknown>, 'name' | 'version'>;

/** The definitions that runs may go on under. */
export interface Definitions {
  /** Undefined when the definition is not registered, or has changed without a new version. */
  find(definition: Named & Pick<Saga<unknown>, 'structure'>): Saga<unknown> | undefined;
  /** Throws when a run begun under it could not be gone on with after a restart. */
  require(definition: Saga<unknown>): void;
}

/** Throws a RangeError for two definitions under one name and version. */
export function createDefinitions(sagas: readonly Saga<unknown>[]): Definitions {
  const known = new Map(sagas.map((saga) => [toKey(saga), saga]));
  const twice = sagas.find((saga) => known.get(toKey(saga)) !== saga);
  if (twice) throw new RangeError(`${toKey(twice)} is registered twice`);
  const find: Definitions['find'] = (definition) => {
    const saga = known.get(toKey(definition));
    return saga?.structure === definition.structure ? saga : undefined;
  };
  return {
    find,
    require(definition) {
      if (!find(definition))
        throw new Error(`${toKey(definition)} is not registered: no restart could go on with it`);
    },
  };
}

const toKey = ({ name, version }: Named): string => `${name}@${version}`;
