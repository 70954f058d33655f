import type { RunState, Saga } from '@baton/saga';

/** The definition that a run follows; null where it is not known here. */
export const findDefinition = (
  sagas: readonly Saga<unknown>[],
  state: RunState,
): Saga<unknown> | null =>
  sagas.find(
    ({ name, version, structure }) =>
      name === state.saga && version === state.version && structure === state.structure,
  ) ?? null;
