/** The orchestrator, ready to be served or handed to a test. */
import { faultOperations, operatorOperations, orchestratorOperations } from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import {
  type Clock,
  createClock,
  createEngine,
  type Engine,
  type EngineOptions,
  type Journal,
} from '@baton/saga';
import { createDocsRouter, createServiceApp, type ServiceApp } from '@baton/service-kit';
import type { Log, Metrics, Tracing } from '@baton/telemetry';
import { audit } from './books/audit.ts';
import { createPruning } from './books/pruning.ts';
import { type Catalog, createCatalog } from './catalog/catalog.ts';
import { createCatalogFile } from './catalog/catalog-file.ts';
import { measureOrders, showCatalog } from './metrics/order-metrics.ts';
import { showRecovered } from './metrics/start-metrics.ts';
import { createLinks } from './order/order-links.ts';
import { logOrders } from './order/order-log.ts';
import { findSpan } from './order/order-trace.ts';
import type { Participants } from './participants.ts';
import { createOrderSagas } from './place-order/place-order.ts';
import { createAlertHandlers } from './routes/alert-routes.ts';
import { mountFaults } from './routes/fault-routes.ts';
import { mountOperator } from './routes/operator-routes.ts';
import { createHandlers } from './routes/order-routes.ts';
import { createShed } from './routes/queue-full.ts';
import { type SpanExportOptions, startSpanExport } from './traces/span-export.ts';
import { createTraceCursor } from './traces/trace-cursor.ts';
import { measureTraceBacklog } from './traces/trace-metrics.ts';
import { startAlerting } from './watchdog/alerting.ts';
import { createParticipantHealth } from './watchdog/participant-health.ts';

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
  /** Without it, orders are not traced, and pass their caller's trace on. */
  readonly tracing?: Tracing | undefined;
  /** How far traces were sent is kept here; without it, all that is kept is sent again after a restart. */
  readonly traceCursorPath?: string | undefined;
  /** The address of Jaeger's page, for the links of orders. */
  readonly jaegerUrl?: string | undefined;
}
export interface Orchestrator extends ServiceApp {
  readonly engine: Engine;
  /** Lets attempts in flight end, and closes the journal. */
  stop(): Promise<void>;
}

/** Resolves when every open order was recovered: only then may a port be opened. */
export async function createOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { participants, log, metrics, hosts = [], faults, operatorToken, tracing } = options;
  const sagas = createOrderSagas(participants);
  const [saga] = sagas;
  const clock = options.clock ?? createClock();
  const { now } = clock;
  const pruning = createPruning({ sagas, keepMs: options.keepMs, now });
  const engine = await createEngine({ ...options, clock, sagas, carry: pruning.carry });
  const found = engine.counts();
  const stopTelling = tellOrders(engine, { ...options, sagas, clock });
  const catalog = openCatalog(options, clock);
  const toLinks = createLinks(options.jaegerUrl);
  const readAudit = (signal: AbortSignal) =>
    audit({ engine, participants, pruning }, { signal, nowMs: now() });
  const readParticipants = createParticipantHealth(participants, sagas, now);
  const isAnswering = (name: string): boolean => readParticipants()[name] === 'answers';
  measureOrders({ engine, sagas, now, findSpan, isAnswering }, metrics);
  showRecovered(await found, metrics);
  const watchdog = await startAlerting({
    engine,
    sagas,
    participants,
    clock,
    log,
    metrics,
    readHealth: readParticipants,
    audit: readAudit,
    webhookUrl: options.alertWebhookUrl,
  });
  const { stop, stopped } = createStop(watchdog, catalog, { stop: stopTelling }, engine);
  const app = createServiceApp({
    service: 'orchestrator',
    operations: orchestratorOperations,
    log,
    metrics,
    tracing,
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
    ...createHandlers({ engine, saga, sagas, readAudit, catalog, now, tracing, toLinks, stopped }),
    ...createAlertHandlers(watchdog),
  });
  return { ...app, engine, stop };
}

/** One after the other, once `stopped` has aborted. */
function createStop(...parts: readonly { stop(): void | Promise<void> }[]) {
  const stopping = new AbortController();
  const stop = async (): Promise<void> => {
    stopping.abort();
    for (const part of parts) await part.stop();
  };
  return { stop, stopped: stopping.signal };
}

function openCatalog(options: OrchestratorOptions, clock: Clock): Catalog {
  const { participants, catalogPath: path, log, metrics } = options;
  const file = path === undefined ? undefined : createCatalogFile(path, log);
  const catalog = createCatalog({ participants, clock, file });
  showCatalog(catalog, metrics);
  return catalog;
}

/** To the log and to the collector; returns how to stop. */
function tellOrders(
  engine: Engine,
  options: Pick<OrchestratorOptions, 'tracing' | 'traceCursorPath' | 'log' | 'metrics'> &
    Pick<SpanExportOptions, 'sagas' | 'clock'>,
): () => Promise<void> {
  const { tracing, traceCursorPath: path, clock, log } = options;
  logOrders(engine.feed, log);
  if (!tracing) return async () => {};
  const cursor = createTraceCursor(path, clock, log);
  const { feed } = engine;
  const read = (id: string) => engine.read(id);
  const spans = startSpanExport({ ...options, feed, read, tracing, cursor });
  feed.subscribe(spans.stir);
  measureTraceBacklog(spans, options.metrics);
  return spans.stop;
}

/** The lock is held and recovery is done, or there would be no app to ask. Participants are not required. */
async function readReadiness(
  engine: Engine,
  catalog: Catalog,
  participants: Readonly<Record<string, string>>,
) {
  const { open, openMax, quarantined } = await engine.counts();
  const checks = {
    journal: 'held',
    queue: `${open} of ${openMax} orders open`,
    standby: (await engine.standby()) ? 'waiting' : 'none',
    quarantined: String(quarantined),
    catalog: catalog.isStale() ? 'stale' : 'fresh',
    ...participants,
  };
  return { ready: open < openMax, checks };
}

export { narrate } from './order/narrative.ts';
export { createLinks } from './order/order-links.ts';
export { propagate, toOrderContext } from './order/order-trace.ts';
export { closeParticipants, createParticipants, type Participants } from './participants.ts';
export { createOrderSaga, createOrderSagas } from './place-order/place-order.ts';
export { projectOrder } from './traces/order-spans.ts';
