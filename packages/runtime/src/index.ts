export {
  type Audited,
  type BookKeeping,
  type Books,
  noBooks,
} from './books.ts';
export { createBreather } from './breather.ts';
export { readOrchestratorEnv } from './env.ts';
export {
  createOrchestrator,
  type Extension,
  type Orchestrator,
  type OrchestratorOptions,
  type Running,
} from './orchestrator.ts';
export {
  closeParticipants,
  createParticipants,
  type Participants,
  type ParticipantUrls,
} from './participants.ts';
export { type Opened, runOrchestrator } from './program.ts';
export { findDefinition } from './run/definition.ts';
export { toInstant } from './run/instant.ts';
export { narrate } from './run/narrative.ts';
export { hash } from './run/run-id.ts';
export { createLinks } from './run/run-links.ts';
export { propagate, toRunContext } from './run/run-trace.ts';
export { findWay } from './run/run-view.ts';
export { projectRun } from './traces/run-spans.ts';
export { defineWorkflow, findWorkflow, type Workflow, type Workflows } from './workflow.ts';
