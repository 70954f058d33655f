/** Every app's operations in one place, for documents and checkers. */
import type { Operations } from './operation.ts';
import { allOrchestratorOperations } from './orchestrator.ts';
import { listedParticipants } from './participant-list.ts';

export const serviceContracts: ReadonlyMap<string, Operations> = new Map([
  ['orchestrator', allOrchestratorOperations],
  ...listedParticipants.map(({ program, operations }) => [program, operations] as const),
]);

/** Raise it with a change that breaks callers: `npm run contracts` says when that is. */
const orchestratorVersion = 2;

export const contractVersions: ReadonlyMap<string, number> = new Map([
  ['orchestrator', orchestratorVersion],
  ...listedParticipants.flatMap(({ name, program, version }) =>
    name === program ? [[program, version] as const] : [],
  ),
]);
