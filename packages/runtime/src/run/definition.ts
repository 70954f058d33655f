import type { PlannedStep, RunState, Saga } from '@baton/saga';

/** The definition that a run follows; null where it is not known here. */
export const findDefinition = (
  sagas: readonly Saga<unknown>[],
  state: RunState,
): Saga<unknown> | null =>
  sagas.find(
    ({ name, version, structure }) =>
      name === state.saga && version === state.version && structure === state.structure,
  ) ?? null;

/** The steps of all versions, so a name may come more than once. */
export const listSteps = (sagas: readonly Saga<unknown>[]): readonly PlannedStep[] =>
  sagas.flatMap(({ plan }) => plan);

/** The participants that steps call, by the steps' names for them. */
export const listCalled = (sagas: readonly Saga<unknown>[]): ReadonlySet<string> =>
  new Set(
    listSteps(sagas).flatMap(({ first, alternate }) => [
      first.participant,
      ...(alternate ? [alternate.participant] : []),
    ]),
  );
