/** An orchestrator of any workflows, ready to be served or handed to a test. */
import { join } from 'node:path';
import {
  faultOperations,
  type Operations,
  orchestratorPort,
  searchOperations,
  systemOperations,
} from '@baton/contracts';
import { createClock, createEngine as createEmbedded, type Engine } from '@baton/saga';
import {
  createDocsRouter,
  createOperatorCheck,
  createServiceApp,
  mount,
  type ServiceApp,
} from '@baton/service-kit';
import { createLog, createMetrics, type Log } from '@baton/telemetry';
import type { Router } from 'express';
import { noBooks } from './books/books.ts';
import { measureRuns } from './metrics/run-metrics.ts';
import { showRecovered } from './metrics/start-metrics.ts';
import type { Extension, OrchestratorOptions } from './orchestrator-options.ts';
import { createAlertHandlers } from './routes/alert-routes.ts';
import { mountConsole } from './routes/console-page.ts';
import { createDescriptionHandlers } from './routes/description-routes.ts';
import { createAdmission, feedAll } from './routes/event-feed.ts';
import { mountFaults } from './routes/fault-routes.ts';
import { mountOperator } from './routes/operator-routes.ts';
import { createShed } from './routes/queue-full.ts';
import { createRunHandlers, type Surroundings, tooManyListeners } from './routes/run-routes.ts';
import { mountSearch } from './routes/search-routes.ts';
import { createTurns } from './routes/turns.ts';
import { createLinks } from './run/run-links.ts';
import { logRuns } from './run/run-log.ts';
import { findSpan } from './run/run-trace.ts';
import { performWithin } from './run/traced-steps.ts';
import { type SpanExportOptions, startSpanExport } from './traces/span-export.ts';
import { createTraceCursor } from './traces/trace-cursor.ts';
import { measureTraceBacklog } from './traces/trace-metrics.ts';
import { openTraceProcesses } from './traces/trace-processes.ts';
import { createToCommands } from './watchdog/alert-commands.ts';
import { startAlerting } from './watchdog/alerting.ts';
import { createParticipantHealth } from './watchdog/participant-health.ts';
import { checkWorkflows, findWorkflowOf, listSagas } from './workflow.ts';

export interface Orchestrator extends ServiceApp {
  readonly engine: Engine;
  /** Lets attempts in flight end, and closes the journal. */
  stop(): Promise<void>;
}

/** Resolves when every open run was recovered: only then may a port be opened. */
export async function createOrchestrator(given: OrchestratorOptions): Promise<Orchestrator> {
  const options = withDefaults(given);
  const { workflows, participants, log, metrics, clock, bookKeeping } = options;
  const { now } = clock;
  checkWorkflows(workflows);
  const sagas = listSagas(workflows);
  const { carry } = bookKeeping;
  // Recovery is this process's work already.
  const since = now();
  const hosted = { ...options, sagas, onPruned: createPrunedTeller(log), ...(carry && { carry }) };
  const engine = await options.createEngine(hosted);
  const found = engine.counts();
  const stopTelling = tellRuns(engine, { ...options, sagas, since });
  const running = { engine, clock, log, metrics };
  const books = bookKeeping.open(engine, now);
  const extension = options.extend?.(running) ?? {};
  const readParticipants = createParticipantHealth(participants, sagas, now);
  const isAnswering = (name: string): boolean => readParticipants()[name] === 'answers';
  measureRuns({ engine, sagas, now, findSpan, isAnswering }, metrics);
  showRecovered(await found, metrics);
  const watchdog = await startAlerting({
    ...running,
    participants,
    readHealth: readParticipants,
    audit: books.audit,
    workflows,
    toCommands: createToCommands(options),
    webhookUrl: options.alertWebhookUrl,
  });
  const { stop, stopped } = createStop(
    watchdog,
    { stop: () => extension.stop?.() },
    { stop: stopTelling },
    engine,
  );
  const surroundings = createSurroundings(engine, options, stopped);
  const app = createServiceApp({
    service: 'orchestrator',
    operations: systemOperations,
    ...options,
    now,
    ready: () => readReadiness(engine, { ...extension.readChecks?.(), ...readParticipants() }),
    further: listFurther(options, extension),
    extend: (router) => mountAll(router, { options, surroundings, extension }),
  })({
    ...createAlertHandlers(watchdog),
    ...createDescriptionHandlers({ engine, workflows, now, faults: options.faults }),
    streamEvents: ({ headers, signal }) => {
      const { admit, source } = surroundings;
      const events = admit(feedAll(source, headers['last-event-id'], signal));
      return events ? { events } : tooManyListeners;
    },
  });
  return { ...app, engine, stop };
}

const createPrunedTeller =
  (log: Log) =>
  (runs: readonly string[]): void =>
    log.info(
      { removed: runs.length, first: runs[0], last: runs.at(-1) },
      'the history of what ended longer ago than it is kept was removed',
    );

function withDefaults({ workflows, ...options }: OrchestratorOptions) {
  const {
    clock = createClock(),
    log = createLog('orchestrator', 'info'),
    metrics = createMetrics('orchestrator'),
    participants = {},
    books: bookKeeping = noBooks,
    hosts = [],
    createEngine = createEmbedded,
    address = `http://localhost:${orchestratorPort}`,
  } = options;
  const [first, ...others] = workflows;
  return {
    ...options,
    workflows: [performWithin(first), ...others.map(performWithin)] as const,
    clock,
    log,
    metrics,
    participants,
    bookKeeping,
    hosts,
    createEngine,
    address,
  };
}
type Options = ReturnType<typeof withDefaults>;

function createSurroundings(engine: Engine, options: Options, stopped: AbortSignal): Surroundings {
  const { workflows, jaegerUrl, tracing, clock, faults } = options;
  const workflowOf = (id: string) => findWorkflowOf(workflows, id);
  return {
    engine,
    now: clock.now,
    toLinks: createLinks(jaegerUrl),
    tracing,
    faults,
    admit: createAdmission(),
    source: { engine, workflowOf, turn: createTurns(stopped), stopped },
  };
}

interface Mounted {
  readonly options: Options;
  readonly surroundings: Surroundings;
  readonly extension: Extension;
}

function mountAll(router: Router, { options, surroundings, extension }: Mounted): void {
  const { workflows, log, metrics, tracing, operatorToken, faults } = options;
  const { engine } = surroundings;
  const shed = createShed(engine, workflows, options.random);
  const around = { log, metrics, operatorCheck: createOperatorCheck(operatorToken) };
  for (const workflow of workflows) {
    const { retry: _retry, skip: _skip, ...operations } = workflow.operations;
    const handlers = createRunHandlers(surroundings, workflow);
    mount(router, operations, { log, metrics, tracing, shed })(handlers);
    mountOperator(router, workflow, { engine, shed, ...around });
  }
  extension.mount?.(router);
  router.use(createDocsRouter());
  mountSearch(router, { engine, workflows }, around);
  if (faults) mountFaults(router, { faults, engine }, around);
  mountConsole(router);
}

/** What is mounted besides the runtime's own operations, each under its own name. */
const listFurther = ({ workflows, faults }: Options, { operations }: Extension): Operations => ({
  ...Object.fromEntries(
    workflows.flatMap(({ noun, operations: own }) =>
      Object.entries(own).map(([name, operation]) => [`${noun}.${name}`, operation]),
    ),
  ),
  ...operations,
  ...searchOperations,
  ...(faults && faultOperations),
});

/** One after the other, once `stopped` has aborted. */
function createStop(...parts: readonly { stop(): void | Promise<void> }[]) {
  const stopping = new AbortController();
  const stop = async (): Promise<void> => {
    stopping.abort();
    for (const part of parts) await part.stop();
  };
  return { stop, stopped: stopping.signal };
}

/** To the log and to the collector; returns how to stop. */
function tellRuns(
  engine: Engine,
  options: Options & Pick<SpanExportOptions, 'sagas'> & { readonly since: number },
): () => Promise<void> {
  const { workflows, tracing, traceFolder, clock, log, since } = options;
  logRuns(engine.feed, workflows, log);
  if (!tracing) return async () => {};
  const toPath = (name: string) => traceFolder && join(traceFolder, name);
  const cursor = createTraceCursor(toPath('traced-to'), clock, log);
  const { resource } = tracing;
  const processes = openTraceProcesses(toPath('traced-by'), { since, resource }, log);
  const { feed } = engine;
  const read = (id: string) => engine.read(id);
  const spans = startSpanExport({ ...options, feed, read, tracing, processes, cursor });
  feed.subscribe(spans.stir);
  measureTraceBacklog(spans, options.metrics);
  return spans.stop;
}

/** An app that answers holds the lock and has recovered. Participants are not required. */
async function readReadiness(engine: Engine, further: Readonly<Record<string, string>>) {
  const { open, openMax, quarantined, hasRoom, isReached = true } = await engine.counts();
  const checks = {
    journal: hasRoom ? 'held' : 'disk full',
    queue: `${open} of ${openMax} orders open`,
    standby: (await engine.standby()) ? 'waiting' : 'none',
    quarantined: String(quarantined),
    ...(!isReached && { cluster: 'no node answers' }),
    ...further,
  };
  return { ready: hasRoom && isReached && open < openMax, checks };
}
