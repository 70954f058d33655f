import { createMemoryJournal } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import { createOrchestrator, type Orchestrator } from '../orchestrator.ts';
import type { OrchestratorOptions } from '../orchestrator-options.ts';
import { createOrderWorkflow } from './order-workflow.ts';
import { createStandIns } from './stand-in.ts';

export type Override = NonNullable<Parameters<typeof createStandIns>[0]>;

/** The orchestrator on a journal in memory, with participants that answer as they are told: for tests of its routes. */
export function createStandInOrchestrator(
  override: Override = {},
  change: Partial<OrchestratorOptions> = {},
): Promise<Orchestrator> {
  const { participants } = createStandIns(override);
  return createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    workflows: [createOrderWorkflow(participants)],
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    ...change,
  });
}
