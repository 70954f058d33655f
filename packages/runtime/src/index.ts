export { type Audited, type BookKeeping, type Books, noBooks } from './books/books.ts';
export { type Expectation, expect, readSlack } from './books/expectation.ts';
export { createPruning, type GivenUp, type Pruning, type PruningOptions } from './books/pruning.ts';
export { add, readAmount, type Tally } from './books/tally.ts';
export { createTotals, type Totals } from './books/totals.ts';
export { readOrchestratorEnv } from './env.ts';
export { createOrchestrator, type Orchestrator } from './orchestrator.ts';
export type { Extension, OrchestratorOptions, Running } from './orchestrator-options.ts';
export {
  closeParticipants,
  createParticipants,
  type Participants,
  type ParticipantUrls,
} from './participants.ts';
export { type Opened, runOrchestrator } from './program.ts';
export { toInstant } from './run/instant.ts';
export { narrate } from './run/narrative.ts';
export { hash } from './run/run-id.ts';
export { createLinks } from './run/run-links.ts';
export { propagate, toRunContext } from './run/run-trace.ts';
export { projectRun } from './traces/run-spans.ts';
export { defineWorkflow, findWorkflow, type Workflow, type Workflows } from './workflow.ts';
