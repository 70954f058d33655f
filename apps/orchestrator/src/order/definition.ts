import type { RunState, Saga } from '@baton/saga';

/** The definition that an order follows; null where it is not known here. */
export const findDefinition = (
  sagas: readonly Saga<unknown>[],
  state: RunState,
): Saga<unknown> | null =>
  sagas.find(
    ({ version, structure }) => version === state.version && structure === state.structure,
  ) ?? null;
