import { join } from 'node:path';
import { type Journal, JournalError, type OpenOptions, openJournal } from '@baton/saga';
import {
  findFaultsFile,
  guardLoop,
  runService,
  StartupProblem,
  startProgram,
  toTraceOptions,
} from '@baton/service-kit';
import { createLog, createMetrics, type Log, openTracing } from '@baton/telemetry';
import { createOrchestrator } from './app.ts';
import { type OrchestratorEnv, readOrchestratorEnv } from './env.ts';
import { timeCommits } from './metrics/journal-metrics.ts';
import { showStart } from './metrics/start-metrics.ts';
import { closeParticipants, createParticipants } from './participants.ts';

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

await startProgram(async () => {
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
  const participants = createParticipants(env.participantUrls, faults?.annotateAs);
  const { app, stop } = await createOrchestrator({
    journal,
    participants,
    log,
    metrics,
    hosts: env.ALLOWED_HOSTS,
    faults,
    operatorToken: env.OPERATOR_TOKEN,
    alertWebhookUrl: env.ALERT_WEBHOOK_URL,
    concurrencyMax: env.ORDERS_CONCURRENT_MAX,
    openMax: env.ORDERS_OPEN_MAX,
    catalogPath: join(env.DATA_DIR, 'orchestrator', 'catalog.json'),
    tracing,
    traceCursorPath: join(env.DATA_DIR, 'orchestrator', 'traced-to'),
    jaegerUrl: env.JAEGER_UI_URL,
    keepMs: env.ORDERS_KEPT_HOURS * millisecondsPerHour,
  });
  await runService({
    service: 'orchestrator',
    app,
    host: env.HOST,
    port: env.PORT,
    log,
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
