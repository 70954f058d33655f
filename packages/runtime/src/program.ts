/** What the `main.ts` of an orchestrator would otherwise repeat: environment, journal, participants, process. */
import { join } from 'node:path';
import { type Journal, JournalError, type OpenOptions, openJournal } from '@baton/saga';
import {
  findConnectionLimit,
  findFaultsFile,
  guardLoop,
  runService,
  StartupProblem,
  startProgram,
  toTraceOptions,
} from '@baton/service-kit';
import { createLog, createMetrics, type Log, type Metrics, openTracing } from '@baton/telemetry';
import { type OrchestratorEnv, readOrchestratorEnv } from './env.ts';
import { timeCommits } from './metrics/journal-metrics.ts';
import { showStart } from './metrics/start-metrics.ts';
import type { Orchestrator, OrchestratorOptions } from './orchestrator.ts';
import { closeParticipants, createParticipants, type Participants } from './participants.ts';

const millisecondsPerHour = 3_600_000;

/** A standby has nothing to finish: it ends at once when it is told to, or when its supervisor has gone. */
function endWhileWaiting(isSupervised: boolean): () => void {
  const end = (): never => process.exit(0);
  process.once('SIGTERM', end).once('SIGINT', end);
  if (isSupervised) process.stdin.once('end', end).once('close', end).resume();
  return () => {
    process.off('SIGTERM', end).off('SIGINT', end);
    process.stdin.off('end', end).off('close', end);
  };
}

type Hooks = Pick<OpenOptions, 'onCommit' | 'onHeld'>;

async function takeJournal(env: OrchestratorEnv, hooks: Hooks): Promise<Journal> {
  const stopWaiting = endWhileWaiting(env.BATON_SUPERVISED === '1');
  try {
    const path = join(env.DATA_DIR, 'orchestrator', 'journal.sqlite');
    return await openJournal({ path, standby: env.STANDBY === 'true', ...hooks });
  } catch (error) {
    if (error instanceof JournalError)
      throw new StartupProblem([error.message], { passing: error.isPassing });
    throw error;
  } finally {
    stopWaiting();
  }
}

/** In production the package is not even loaded. */
async function openFaults(env: OrchestratorEnv, log: Log) {
  const file = findFaultsFile(env);
  if (file === undefined) return undefined;
  const { openFaultControl } = await import('@baton/faults');
  return openFaultControl({ file, log });
}

/** What a program opens before it can make its orchestrator. */
export interface Opened
  extends Omit<OrchestratorOptions, 'workflows' | 'books' | 'extend' | 'participants'> {
  readonly participants: Participants;
  readonly log: Log;
  readonly metrics: Metrics;
  /** For whatever else is kept. */
  readonly folder: string;
}

/** Reads the environment, waits for the journal, makes the orchestrator, and serves it until it is told to stop. */
export const runOrchestrator = (create: (opened: Opened) => Promise<Orchestrator>): Promise<void> =>
  startProgram(async () => {
    const env = readOrchestratorEnv(process.env);
    const log = createLog('orchestrator', env.LOG_LEVEL);
    const metrics = createMetrics('orchestrator');
    let heldElsewhereAt: number | null = null;
    const journal = await takeJournal(env, {
      onCommit: timeCommits(metrics),
      onHeld: () => {
        heldElsewhereAt = performance.now();
      },
    });
    const lockedAt = performance.now();
    // Not before: a large file takes its time to be inspected, and who waits for the lock holds nobody up.
    if (env.LOOP_BLOCKED_MAX_SECONDS > 0) guardLoop(env.LOOP_BLOCKED_MAX_SECONDS * 1_000);
    const faults = await openFaults(env, log);
    const tracing = await openTracing({ ...toTraceOptions(env), service: 'orchestrator', log });
    const participants = createParticipants(env.participantUrls, faults?.annotateAs, metrics);
    const folder = join(env.DATA_DIR, 'orchestrator');
    const opened = { journal, participants, log, metrics, faults, tracing, folder };
    const { app, stop } = await create({ ...opened, ...toOptions(env, folder) });
    await runService({
      service: 'orchestrator',
      app,
      host: env.HOST,
      port: env.PORT,
      log,
      connectionsPerAddressMax: findConnectionLimit(env),
      supervised: env.BATON_SUPERVISED === '1',
      close: async () => {
        await stop();
        await faults?.close();
        await closeParticipants(participants);
        await tracing?.close();
      },
    });
    showStart({ heldElsewhereAt, lockedAt, openedAt: performance.now() }, metrics);
  });

const toOptions = (env: OrchestratorEnv, folder: string) => ({
  hosts: env.ALLOWED_HOSTS,
  address: `http://localhost:${env.PORT}`,
  operatorToken: env.OPERATOR_TOKEN,
  alertWebhookUrl: env.ALERT_WEBHOOK_URL,
  concurrencyMax: env.ORDERS_CONCURRENT_MAX,
  openMax: env.ORDERS_OPEN_MAX,
  traceCursorPath: join(folder, 'traced-to'),
  jaegerUrl: env.JAEGER_UI_URL,
  keepMs: env.ORDERS_KEPT_HOURS * millisecondsPerHour,
});
