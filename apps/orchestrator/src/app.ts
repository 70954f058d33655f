/** The orchestrator, ready to be served or handed to a test. */
import { faultOperations, operatorOperations, orchestratorOperations } from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import {
  createClock,
  createEngine,
  type Engine,
  type EngineOptions,
  type Journal,
} from '@baton/saga';
import { createDocsRouter, createServiceApp, type ServiceApp } from '@baton/service-kit';
import type { Log, Metrics } from '@baton/telemetry';
import { createAlertHandlers } from './alert-routes.ts';
import { startAlerting } from './alerting.ts';
import { audit } from './audit.ts';
import { createCarry } from './books.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { createCatalogFile } from './catalog-file.ts';
import { mountFaults } from './fault-routes.ts';
import { mountOperator } from './operator-routes.ts';
import type { FindSpan } from './order-exemplar.ts';
import { measureOrders, showCatalog } from './order-metrics.ts';
import { createHandlers } from './order-routes.ts';
import { createOrderSagas } from './order-saga.ts';
import { createParticipantHealth } from './participant-health.ts';
import type { Participants } from './participants.ts';
import { createShed, isFull } from './queue-full.ts';
import { showRecovered } from './start-metrics.ts';

export interface OrchestratorOptions
  extends Pick<
    EngineOptions,
    'clock' | 'random' | 'concurrencyMax' | 'openMax' | 'keepMs' | 'callsMax' | 'breaker'
  > {
  readonly journal: Journal;
  readonly participants: Participants;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly hosts?: readonly string[];
  /** Outside production only; without them there are no fault routes. */
  readonly faults?: FaultControl | undefined;
  /** Where the last known catalogue is kept; without it, it is forgotten with the process. */
  readonly catalogPath?: string | undefined;
  /** Who operates must show it; without one, only this machine operates. */
  readonly operatorToken?: string | undefined;
  readonly alertWebhookUrl?: string | undefined;
  /** Where figures of an order lead; without it, nowhere. */
  readonly findSpan?: FindSpan | undefined;
}
export interface Orchestrator extends ServiceApp {
  readonly engine: Engine;
  /** Lets attempts in flight end, and closes the journal. */
  stop(): Promise<void>;
}

/** Resolves when every open order was recovered: only then may a port be opened. */
export async function createOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { participants, log, metrics, hosts = [], faults, operatorToken, catalogPath } = options;
  const { findSpan = () => undefined } = options;
  const sagas = createOrderSagas(participants);
  const [saga] = sagas;
  const clock = options.clock ?? createClock();
  const { now } = clock;
  showRecovered(options.journal.listOpen().length, metrics);
  const engine = await createEngine({ ...options, clock, sagas, carry: createCarry(sagas) });
  measureOrders({ engine, sagas, now, findSpan }, metrics);
  const file = catalogPath === undefined ? undefined : createCatalogFile(catalogPath, log);
  const catalog = createCatalog({ participants, clock, file });
  showCatalog(catalog, metrics);
  const readParticipants = createParticipantHealth(participants, now);
  const watchdog = startAlerting({
    engine,
    participants,
    clock,
    log,
    metrics,
    readHealth: readParticipants,
    audit: (signal) => audit(engine, participants, { signal, nowMs: now() }),
    webhookUrl: options.alertWebhookUrl,
  });
  const app = createServiceApp({
    service: 'orchestrator',
    operations: orchestratorOperations,
    log,
    metrics,
    hosts,
    now,
    shed: createShed(engine, options.random),
    ready: () => readReadiness(engine, catalog, readParticipants()),
    further: { ...operatorOperations, ...(faults && faultOperations) },
    extend: (router) => {
      router.use(createDocsRouter());
      mountOperator(router, engine, { log, metrics, operatorToken });
      if (faults) mountFaults(router, faults, { log, metrics, operatorToken });
      router.get('/', (_request, response) => response.redirect('/docs'));
    },
  })({
    ...createHandlers({ engine, saga, participants, catalog, now }),
    ...createAlertHandlers(watchdog),
  });
  const stop = async (): Promise<void> => {
    watchdog.stop();
    catalog.stop();
    await engine.stop();
  };
  return { ...app, engine, stop };
}

/** The lock is held and recovery is done, or there would be no app to ask. Participants are not required. */
function readReadiness(
  engine: Engine,
  catalog: Catalog,
  participants: Readonly<Record<string, string>>,
) {
  const { open, openMax, quarantined } = engine.counts();
  const checks = {
    journal: 'held',
    queue: `${open} of ${openMax} orders open`,
    standby: engine.journal.hasStandby() ? 'waiting' : 'none',
    quarantined: String(quarantined),
    catalog: catalog.isStale() ? 'stale' : 'fresh',
    ...participants,
  };
  return { ready: !isFull(engine), checks };
}

export { narrate } from './narrative.ts';
export { createOrderSaga, createOrderSagas } from './order-saga.ts';
export { closeParticipants, createParticipants, type Participants } from './participants.ts';
