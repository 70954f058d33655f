/** What each orchestrator's `main.ts` needs: environment, journal, participants, process. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  findConnectionLimit,
  findFaultsFile,
  guardLoop,
  runService,
  startProgram,
  toStandbyOrder,
} from '@baton/service-kit';
import { type Log, type Metrics, openTelemetry } from '@baton/telemetry';
import { type OrchestratorEnv, readOrchestratorEnv } from './env.ts';
import { openHost } from './host.ts';
import { timeCommits } from './metrics/journal-metrics.ts';
import { showStart } from './metrics/start-metrics.ts';
import type { Orchestrator } from './orchestrator.ts';
import type { OrchestratorOptions } from './orchestrator-options.ts';
import { closeParticipants, createParticipants, type Participants } from './participants.ts';

const millisecondsPerHour = 3_600_000;

/** What the supervisor knows of the process before this one: from the start, or a line for a standby. */
function hearLastEnd(env: OrchestratorEnv): () => string {
  let said: string = env.BATON_LAST_END;
  if (env.BATON_SUPERVISED === '1')
    process.stdin.on('data', (lines) => {
      said = String(lines).trim().split('\n').at(-1) ?? said;
    });
  return () => said;
}

/** A person tries what happens when the standby is killed. */
function dieIfAsked(faultsFile: string | undefined): void {
  const order = faultsFile && toStandbyOrder(faultsFile);
  if (!order || !existsSync(order)) return;
  rmSync(order);
  process.kill(process.pid, 'SIGKILL');
}

/** In production the package is not even loaded. */
async function openFaults(env: OrchestratorEnv, log: Log) {
  const file = findFaultsFile(env);
  if (file === undefined) return undefined;
  const { openFaultControl } = await import('@baton/faults');
  const { OPERATOR_TOKEN: operatorToken, participantUrls: urls } = env;
  return openFaultControl({ file, log, operatorToken, urls });
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
    const telemetry = await openTelemetry({
      env: env.otel,
      service: 'orchestrator',
      level: env.LOG_LEVEL,
    });
    const { log, metrics, tracing } = telemetry;
    const faultsFile = findFaultsFile(env);
    let heldElsewhereAt: number | null = null;
    const readLastEnd = hearLastEnd(env);
    const host = await openHost(env, log, {
      onCommit: timeCommits(metrics),
      onRoom: (hasRoom) => {
        if (hasRoom) log.info('the disk has room again: all goes on');
        else
          log.error(
            { folder: env.DATA_DIR },
            'the disk is full: nothing goes on until it has room',
          );
      },
      onHeld: () => {
        heldElsewhereAt = performance.now();
        dieIfAsked(faultsFile);
      },
    });
    const lockedAt = performance.now();
    // Not before: inspecting a large file takes time, and a process that waits for the lock holds up nobody.
    if (env.LOOP_BLOCKED_MAX_SECONDS > 0) guardLoop(env.LOOP_BLOCKED_MAX_SECONDS * 1_000);
    const faults = await openFaults(env, log);
    const participants = createParticipants(env.participantUrls, faults?.annotateAs, metrics);
    const folder = join(env.DATA_DIR, 'orchestrator');
    const opened = { ...host, participants, log, metrics, faults, tracing, folder };
    const blame = readLastEnd() === 'blameless' && { isBlameless: true };
    const { app, stop } = await create({ ...opened, ...toOptions(env, folder), ...blame });
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
        await closeParticipants(participants);
        await telemetry.close();
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
  traceFolder: folder,
  jaegerUrl: env.JAEGER_UI_URL,
  keepMs: env.ORDERS_KEPT_HOURS * millisecondsPerHour,
});
