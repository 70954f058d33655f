/** Where runs live: this process and its journal, a Restate cluster, or both while orders move to one. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  createEngine,
  type Journal,
  JournalError,
  type OpenOptions,
  openJournal,
} from '@baton/saga';
import { StartupProblem } from '@baton/service-kit';
import type { Log } from '@baton/telemetry';
import { addCarried } from './books/pruning.ts';
import { tellOfDrain } from './drain-log.ts';
import type { OrchestratorEnv } from './env.ts';
import type { OrchestratorOptions } from './orchestrator-options.ts';

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

type Hooks = Pick<OpenOptions, 'onCommit' | 'onHeld' | 'onRoom'>;

/** No run moves on both hosts: each host has a file of its own, and a lock beside it. */
const files = { embedded: 'journal.sqlite', restate: 'cluster/projection.sqlite' } as const;

const toFile = (env: OrchestratorEnv, host: keyof typeof files): string =>
  join(env.DATA_DIR, 'orchestrator', files[host]);

async function takeJournal(
  env: OrchestratorEnv,
  host: keyof typeof files,
  hooks: Hooks,
): Promise<Journal> {
  const stopWaiting = endWhileWaiting(env.BATON_SUPERVISED === '1');
  try {
    refuseToReturn(env);
    const path = toFile(env, host);
    const journal = await openJournal({ path, standby: env.STANDBY === 'true', ...hooks });
    // Meanwhile, another process may have begun to move orders to the cluster.
    refuseToReturn(env);
    return journal;
  } catch (error) {
    if (error instanceof JournalError)
      throw new StartupProblem([error.message], { passing: error.isPassing });
    throw error;
  } finally {
    stopWaiting();
  }
}

/** A key that the cluster knows would be a second order here. */
function refuseToReturn(env: OrchestratorEnv): void {
  // The folder stays where the projection is removed.
  const mark = dirname(toFile(env, 'restate'));
  if (env.SAGA_HOST === 'embedded' && existsSync(mark))
    throw new StartupProblem([
      `${mark} says that orders of this DATA_DIR went to a Restate cluster.`,
      'Start with SAGA_HOST=restate, which finishes the orders of the journal as well; or take another DATA_DIR.',
    ]);
}

type Host = Pick<OrchestratorOptions, 'journal' | 'createEngine'>;

/** The one place that knows which hosts there are. The other host's package is not even loaded. */
export async function openHost(env: OrchestratorEnv, log: Log, hooks: Hooks): Promise<Host> {
  if (env.SAGA_HOST === 'embedded') return { journal: await takeJournal(env, 'embedded', hooks) };
  // First, so that a standby waits for it, and so that its host has ended before another one begins.
  const isMoving = existsSync(toFile(env, 'embedded'));
  const old = isMoving ? await takeJournal(env, 'embedded', hooks) : null;
  const journal = await takeJournal(env, 'restate', hooks);
  const { createDrainingEngine, createLink, createRestateEngine } = await import(
    '@baton/saga-restate'
  );
  const adminUrls = env.RESTATE_ADMIN_URLS;
  const link = createLink({
    ingressUrls: env.RESTATE_INGRESS_URLS,
    handlersHost: env.HOST,
    handlersPort: env.RESTATE_HANDLERS_PORT,
    identityKeys: env.RESTATE_IDENTITY_KEY === undefined ? [] : [env.RESTATE_IDENTITY_KEY],
    registration: adminUrls && { adminUrls, handlersUrl: env.RESTATE_HANDLERS_URL },
    onTrouble: (message: string) =>
      log.warn({ message }, 'the cluster is in trouble, and is asked again'),
  });
  return {
    journal,
    async createEngine(options) {
      const cluster = await createRestateEngine(options, link);
      if (!old) return cluster;
      const embedded = await createEngine({ ...options, journal: old });
      const engine = await createDrainingEngine({ embedded, journal: old, cluster, addCarried });
      const stopTelling = tellOfDrain(embedded, log);
      return {
        ...engine,
        stop() {
          // Its journal is closed then.
          stopTelling();
          return engine.stop();
        },
      };
    },
  };
}
