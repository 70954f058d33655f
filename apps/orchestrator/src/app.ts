/** The orchestrator, ready to be served or handed to a test. */
import { faultOperations, orchestratorOperations } from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import { createEngine, type Engine, type EngineOptions, type Journal } from '@baton/saga';
import { createDocsRouter, createServiceApp, type ServiceApp } from '@baton/service-kit';
import type { Log, Metrics } from '@baton/telemetry';
import { createCarry } from './books.ts';
import { createCatalog } from './catalog.ts';
import { mountFaults } from './fault-routes.ts';
import { countOrders } from './order-metrics.ts';
import { createHandlers } from './order-routes.ts';
import { createOrderSagas } from './order-saga.ts';
import { createParticipantHealth } from './participant-health.ts';
import type { Participants } from './participants.ts';

export interface OrchestratorOptions
  extends Pick<EngineOptions, 'clock' | 'random' | 'concurrencyMax' | 'openMax' | 'keepMs'> {
  readonly journal: Journal;
  readonly participants: Participants;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly hosts?: readonly string[];
  /** Outside production only; without them there are no fault routes. */
  readonly faults?: FaultControl | undefined;
  /** Who operates must show it; without one, only this machine operates. */
  readonly operatorToken?: string | undefined;
}
export interface Orchestrator extends ServiceApp {
  readonly engine: Engine;
}

/** Resolves when every open order was recovered: only then may a port be opened. */
export async function createOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { participants, log, metrics, hosts = [], faults, operatorToken, ...rest } = options;
  const sagas = createOrderSagas(participants);
  const [saga] = sagas;
  const engine = await createEngine({ ...rest, sagas, carry: createCarry(saga) });
  countOrders(engine, metrics);
  const now = options.clock?.now ?? Date.now;
  const readParticipants = createParticipantHealth(participants, now);
  const app = createServiceApp({
    service: 'orchestrator',
    operations: orchestratorOperations,
    log,
    metrics,
    hosts,
    now,
    ready: () => readReadiness(engine, readParticipants()),
    further: faults && faultOperations,
    extend: (router) => {
      router.use(createDocsRouter());
      if (faults) mountFaults(router, faults, { log, metrics, operatorToken });
      router.get('/', (_request, response) => response.redirect('/docs'));
    },
  })(
    createHandlers({ engine, saga, participants, catalog: createCatalog(participants, now), now }),
  );
  return { ...app, engine };
}

/** The lock is held and recovery is done, or there would be no app to ask. Participants are not required. */
function readReadiness(engine: Engine, participants: Readonly<Record<string, string>>) {
  const { open, openMax, quarantined } = engine.counts();
  const checks = {
    journal: 'held',
    queue: `${open} of ${openMax} orders open`,
    standby: engine.journal.hasStandby() ? 'waiting' : 'none',
    quarantined: String(quarantined),
    ...participants,
  };
  return { ready: open < openMax, checks };
}

export { narrate } from './narrative.ts';
export { createOrderSaga, createOrderSagas } from './order-saga.ts';
export { closeParticipants, createParticipants, type Participants } from './participants.ts';
