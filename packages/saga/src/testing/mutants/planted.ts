/** `BATON_MUTANT=<name>` plants one of these bugs in whatever the tests play with: then the tests it names must fail. */
import type { Saga } from '../../core/saga.ts';
import type { Engine, EngineOptions } from '../../embedded/engine.ts';
import type { Order, Participant } from '../../fixtures/cast.ts';
import type { Journal } from '../../journal/journal.ts';
import { Lane } from '../../run/lane.ts';
import { Lanes } from '../../run/lanes.ts';
import type { Run } from '../../run/run.ts';
import { engineMutants, optionsMutants } from './engine-mutants.ts';
import { journalMutants } from './journal-mutants.ts';
import { laneMutants, lanesMutants } from './lane-mutants.ts';
import { type Mutant, override } from './mutant.ts';
import { participantMutants } from './participant-mutants.ts';
import { sagaMutants } from './saga-mutants.ts';

export const allMutants = {
  ...journalMutants,
  ...participantMutants,
  ...sagaMutants,
  ...engineMutants,
  ...optionsMutants,
  ...laneMutants,
  ...lanesMutants,
};
/** Wraps and changes nothing. */
export const control = 'control';

const name = process.env.BATON_MUTANT;
const pick =
  <T extends object>(mutants: Readonly<Record<string, Mutant<T>>>) =>
  (inner: T): T => {
    if (name === undefined) return inner;
    return name === control ? override(inner) : (mutants[name]?.mutate(inner) ?? inner);
  };

export const mutateJournal = pick<Journal>(journalMutants);
export const mutateParticipant = pick<Participant>(participantMutants);
export const mutateSaga = pick<Saga<Order>>(sagaMutants);
export const mutateEngine = pick<Engine>(engineMutants);
export const mutateOptions = pick<EngineOptions>(optionsMutants);

// The engine makes its lanes itself: they are changed at their root.
function plant<T extends object>(mutants: Readonly<Record<string, Mutant<T>>>, root: T): void {
  if (name !== undefined) mutants[name]?.mutate(root);
}
plant<Lane<Run>>(laneMutants, Lane.prototype);
plant<Lanes>(lanesMutants, Lanes.prototype);
