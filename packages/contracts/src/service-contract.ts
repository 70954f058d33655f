/** Every app's operations in one place, for documents and checkers. */
import { faultOperations } from './fault-routes.ts';
import type { Operations } from './operation.ts';
import { operatorOperations } from './operator-routes.ts';
import { orchestratorOperations } from './orchestrator.ts';
import { listedParticipants } from './participant-list.ts';

export const SERVICE_CONTRACTS: ReadonlyMap<string, Operations> = new Map([
  ['orchestrator', { ...orchestratorOperations, ...operatorOperations, ...faultOperations }],
  ...listedParticipants.map(({ program, operations }) => [program, operations] as const),
]);
