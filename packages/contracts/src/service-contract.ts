/** Every app's operations in one place, for documents and checkers. */
import type { Operations } from './operation.ts';
import { allOrchestratorOperations } from './orchestrator.ts';
import { listedParticipants } from './participant-list.ts';

export const SERVICE_CONTRACTS: ReadonlyMap<string, Operations> = new Map([
  ['orchestrator', allOrchestratorOperations],
  ...listedParticipants.map(({ program, operations }) => [program, operations] as const),
]);

/** Raised by whoever changes a contract so that callers of before break: `npm run contracts` says when that is. */
const ORCHESTRATOR_VERSION = 1;

export const CONTRACT_VERSIONS: ReadonlyMap<string, number> = new Map([
  ['orchestrator', ORCHESTRATOR_VERSION],
  ...listedParticipants.map(({ program, version }) => [program, version] as const),
]);
