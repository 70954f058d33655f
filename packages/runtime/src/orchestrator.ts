/** An orchestrator of any workflows, ready to be served or handed to a test. */
import {
  faultOperations,
  type Operations,
  orchestratorPort,
  systemOperations,
} from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import {
  type Clock,
  createClock,
  createEngine,
  type Engine,
  type EngineOptions,
  type Journal,
  type RunState,
  toStatus,
} from '@baton/saga';
import { createDocsRouter, createServiceApp, mount, type ServiceApp } from '@baton/service-kit';
import { createLog, createMetrics, type Log, type Metrics, type Tracing } from '@baton/telemetry';
import type { Router } from 'express';
import { type BookKeeping, noBooks } from './books/books.ts';
import { measureRuns } from './metrics/run-metrics.ts';
import { showRecovered } from './metrics/start-metrics.ts';
import type { RunParticipants } from './participants.ts';
import { createAlertHandlers } from './routes/alert-routes.ts';
import { createAdmission, feedAll } from './routes/event-feed.ts';
import { mountFaults } from './routes/fault-routes.ts';
import { mountOperator } from './routes/operator-routes.ts';
import { createShed } from './routes/queue-full.ts';
import { createRunHandlers, type Surroundings, tooManyListeners } from './routes/run-routes.ts';
import { createTurns } from './routes/turns.ts';
import { createLinks } from './run/run-links.ts';
import { logRuns } from './run/run-log.ts';
import { findSpan } from './run/run-trace.ts';
import { listWrittenOff } from './run/run-view.ts';
import { type SpanExportOptions, startSpanExport } from './traces/span-export.ts';
import { createTraceCursor } from './traces/trace-cursor.ts';
import { measureTraceBacklog } from './traces/trace-metrics.ts';
import { startAlerting } from './watchdog/alerting.ts';
import { createParticipantHealth } from './watchdog/participant-health.ts';
import {
  checkWorkflows,
  findWorkflow,
  findWorkflowOf,
  listSagas,
  type Workflows,
} from './workflow.ts';

/** What an orchestrator has besides runs: routes, checks of its readiness, something to stop. */
export interface Extension {
  /** For the document of its contract. */
  readonly operations?: Operations;
  readonly mount?: (router: Router) => void;
  readonly readChecks?: () => Readonly<Record<string, string>>;
  readonly stop?: () => void;
}

/** What an extension and the books can work with. */
export interface Running {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface OrchestratorOptions
  extends Pick<
    EngineOptions,
    'clock' | 'random' | 'concurrencyMax' | 'openMax' | 'keepMs' | 'callsMax' | 'breaker'
  > {
  readonly workflows: Workflows;
  readonly journal: Journal;
  /** By the names that steps have for them: whose health is watched. */
  readonly participants?: RunParticipants;
  /** Without it, nothing is compared. */
  readonly books?: BookKeeping;
  readonly extend?: (running: Running) => Extension;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** Names by which it may be called, besides this machine's own. */
  readonly hosts?: readonly string[];
  /** Outside production only; without them there are no fault routes. */
  readonly faults?: FaultControl | undefined;
  /** Who operates must show it; without one, only this machine operates. */
  readonly operatorToken?: string | undefined;
  readonly alertWebhookUrl?: string | undefined;
  /** Without it, runs are not traced, and pass their caller's trace on. */
  readonly tracing?: Tracing | undefined;
  /** How far traces were sent is kept here; without it, all that is kept is sent again after a restart. */
  readonly traceCursorPath?: string | undefined;
  /** Where it is, for commands that a person may type. */
  readonly address?: string;
  /** The address of Jaeger's page, for the links of runs. */
  readonly jaegerUrl?: string | undefined;
}
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
  const engine = await createEngine({ ...options, sagas, ...(carry && { carry }) });
  const found = engine.counts();
  const stopTelling = tellRuns(engine, { ...options, sagas });
  const running = { engine, clock, log, metrics };
  const books = bookKeeping.open(engine, now);
  const extension = options.extend?.(running) ?? {};
  const readParticipants = createParticipantHealth(participants, sagas, now);
  const isAnswering = (name: string): boolean => readParticipants()[name] === 'answers';
  measureRuns({ engine, sagas, now, findSpan, isAnswering }, metrics);
  showRecovered(await found, metrics);
  const watchdog = await startAlerting({
    ...running,
    sagas,
    participants,
    readHealth: readParticipants,
    audit: books.audit,
    describeEnd: createDescribeEnd(workflows),
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
    streamEvents: ({ headers, signal }) => {
      const { admit, source } = surroundings;
      const events = admit(feedAll(source, headers['last-event-id'], signal));
      return events ? { events } : tooManyListeners;
    },
  });
  return { ...app, engine, stop };
}

function withDefaults(options: OrchestratorOptions) {
  const {
    clock = createClock(),
    log = createLog('orchestrator', 'info'),
    metrics = createMetrics('orchestrator'),
    participants = {},
    books: bookKeeping = noBooks,
    hosts = [],
    address = `http://localhost:${orchestratorPort}`,
  } = options;
  return { ...options, clock, log, metrics, participants, bookKeeping, hosts, address };
}
type Options = ReturnType<typeof withDefaults>;

function createSurroundings(engine: Engine, options: Options, stopped: AbortSignal): Surroundings {
  const { workflows, jaegerUrl, tracing, clock } = options;
  const workflowOf = (id: string) => findWorkflowOf(workflows, id);
  return {
    engine,
    now: clock.now,
    toLinks: createLinks(jaegerUrl),
    tracing,
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
  const around = { log, metrics, operatorToken };
  for (const workflow of workflows) {
    const { retry: _retry, skip: _skip, ...operations } = workflow.operations;
    const handlers = createRunHandlers(surroundings, workflow);
    mount(router, operations, { log, metrics, tracing, shed })(handlers);
    mountOperator(router, workflow, { engine, ...around });
  }
  extension.mount?.(router);
  router.use(createDocsRouter());
  if (faults) mountFaults(router, faults, around);
  router.get('/', (_request, response) => response.redirect('/docs'));
}

/** All that is mounted besides the runtime's own operations, by a name of its own each. */
const listFurther = ({ workflows, faults }: Options, { operations }: Extension): Operations => ({
  ...Object.fromEntries(
    workflows.flatMap(({ noun, operations: own }) =>
      Object.entries(own).map(([name, operation]) => [`${noun}.${name}`, operation]),
    ),
  ),
  ...operations,
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

const createToCommands =
  ({ workflows, address }: Options) =>
  (id: string): string[] => {
    const path = `${address}/${findWorkflowOf(workflows, id).plural}/${id}`;
    const post = `curl -X POST -H 'content-type: application/json'`;
    return [
      `${post} ${path}/retry -d '{"reason":"why"}'`,
      `${post} ${path}/skip -d '{"step":"which","reason":"why"}'`,
    ];
  };

const createDescribeEnd =
  (workflows: Workflows) =>
  (state: RunState): string => {
    const written = listWrittenOff(findWorkflow(workflows, state), state);
    const without = written.length > 0 ? `, ${written.join(', ')} written off` : '';
    return `${toStatus(state)}${without}`;
  };

/** To the log and to the collector; returns how to stop. */
function tellRuns(
  engine: Engine,
  options: Options & Pick<SpanExportOptions, 'sagas'>,
): () => Promise<void> {
  const { workflows, tracing, traceCursorPath: path, clock, log } = options;
  logRuns(engine.feed, workflows, log);
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
async function readReadiness(engine: Engine, further: Readonly<Record<string, string>>) {
  const { open, openMax, quarantined } = await engine.counts();
  const checks = {
    journal: 'held',
    queue: `${open} of ${openMax} orders open`,
    standby: (await engine.standby()) ? 'waiting' : 'none',
    quarantined: String(quarantined),
    ...further,
  };
  return { ready: open < openMax, checks };
}
