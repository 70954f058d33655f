/** Every app's operations in one place, for documents and checkers. */
import type { Operations } from './operation.ts';
import { allOrchestratorOperations } from './orchestrator.ts';
import { listedParticipants } from './participant-list.ts';

export const SERVICE_CONTRACTS: ReadonlyMap<string, Operations> = new Map([
  ['orchestrator', allOrchestratorOperations],
  ...listedParticipants.map(({ program, operations }) => [program, operations] as const),
]);
