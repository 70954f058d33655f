/** What each participant's `main.ts` needs: environment, file, app, process. */
import { dirname, join } from 'node:path';
import { findParticipant, type Operations, type ParticipantName } from '@baton/contracts';
import { FileError, isDiskFailing } from '@baton/sqlite';
import { type Log, type Metrics, openTelemetry } from '@baton/telemetry';
import { z } from 'zod';
import type { ServiceApp, ServiceAppOptions } from './app.ts';
import { findConnectionLimit, findFaultsFile, readServiceEnv } from './env.ts';
import type { Interceptor } from './interceptor.ts';
import { runService } from './run.ts';
import { startProgram } from './startup-problem.ts';
import type { Store, StoreOptions } from './store.ts';

type Surroundings = Pick<
  ServiceAppOptions<Operations>,
  'log' | 'metrics' | 'tracing' | 'now' | 'hosts' | 'intercept'
>;
type File = Pick<StoreOptions, 'path' | 'onBroken'>;
export type ParticipantOptions = Surroundings & File;

export interface Participant extends ServiceApp {
  readonly store: Store;
  readonly close: () => void;
}

/** Faults of a participant, on purpose. */
export interface Saboteur {
  readonly intercept: Interceptor;
  readonly close: () => Promise<void>;
}
export interface SaboteurOptions {
  readonly file: string;
  /** The program's name, or that of its second process. */
  readonly name: string;
  readonly log: Log;
  readonly metrics?: Pick<Metrics, 'countFault'> | undefined;
  /** Where there is a token, faults that an order carries need it. */
  readonly operatorToken?: string | undefined;
}

export interface ParticipantProgram {
  /** The program's name in the list of participants. */
  readonly service: ParticipantName;
  readonly create: (options: ParticipantOptions) => Participant;
  /** Called outside production only, so that production does not even load its imports. */
  readonly loadFaults?: () => Promise<{
    readonly createSaboteur: (options: SaboteurOptions) => Promise<Saboteur>;
  }>;
}

/** A second instance of the same program needs a file of its own. */
const StoreName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits or hyphens');

async function findSaboteur(
  loadFaults: ParticipantProgram['loadFaults'],
  file: string | undefined,
  options: Omit<SaboteurOptions, 'file'>,
): Promise<Saboteur | undefined> {
  if (file === undefined || loadFaults === undefined) return undefined;
  const { createSaboteur } = await loadFaults();
  return createSaboteur({ ...options, file });
}

/** EX_SOFTWARE of sysexits.h; the orchestrator ends with it when its journal fails. A fresh start tells whether the file is usable. */
const storeFailed = 70;

function toWhatFailed(path: string, error: unknown): string {
  if (error instanceof FileError) return error.message;
  return isDiskFailing(error)
    ? `the disk of ${dirname(path)} is full or fails`
    : `the data file ${path} failed`;
}

/** Fail-stop: what is on the disk is known again only after a fresh start. */
const endWhenBroken =
  (path: string, log: Log) =>
  (error: unknown): never => {
    const what = toWhatFailed(path, error);
    log.fatal({ err: error }, `${what}: this process ends, and is to be started again`);
    process.exit(storeFailed);
  };

export const runParticipant = (
  { service, create, loadFaults }: ParticipantProgram,
  source: Readonly<Record<string, string | undefined>>,
): Promise<void> =>
  startProgram(async () => {
    const shape = { STORE_NAME: StoreName.default(service).meta({ example: service }) };
    const name = source.STORE_NAME || service;
    const { port = 0 } = findParticipant(name) ?? findParticipant(service) ?? {};
    const env = readServiceEnv({ port, shape }, source);
    const telemetry = await openTelemetry({
      env: env.otel,
      service: env.STORE_NAME,
      level: env.LOG_LEVEL,
    });
    const { log, metrics, tracing } = telemetry;
    const saboteur = await findSaboteur(loadFaults, findFaultsFile(env), {
      name: env.STORE_NAME,
      log,
      metrics,
      operatorToken: env.OPERATOR_TOKEN,
    });
    const path = join(env.DATA_DIR, `${env.STORE_NAME}.sqlite`);
    const participant = create({
      path,
      log,
      metrics,
      tracing,
      hosts: env.ALLOWED_HOSTS,
      intercept: saboteur?.intercept,
      onBroken: endWhenBroken(path, log),
    });
    await runService({
      service,
      app: participant.app,
      host: env.HOST,
      port: env.PORT,
      log,
      close: async () => {
        await saboteur?.close();
        participant.close();
        await telemetry.close();
      },
      connectionsPerAddressMax: findConnectionLimit(env),
      supervised: env.BATON_SUPERVISED === '1',
    });
  });
