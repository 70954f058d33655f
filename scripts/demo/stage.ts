/**
 * Everything that the demo runs, as processes of their own: every participant, the orchestrator and its standby, or, on
 * a cluster, a Restate node and two replicas.
 */
import { join } from 'node:path';
import { type Alert, alertOperations, operatorOperations } from '@baton/contracts';
import {
  createClient,
  createOrchestratorClient,
  type OrchestratorClient,
} from '@baton/service-kit';
import {
  type AppName,
  restart,
  type Starting,
  type System,
  start,
  startSystem,
} from '../../e2e/src/processes.ts';
import { openCluster, type StageCluster } from './stage-cluster.ts';

const pollMs = 50;
const longestMs = 20_000;
const callLongestMs = 5_000;

/** Few, so that the queue fills up. */
export const ordersOpenMax = 12;

const createWatch = (baseUrl: string) =>
  createClient({ ...alertOperations, ...operatorOperations }, { baseUrl });

export class Stage {
  readonly dataDir: string;
  readonly client: OrchestratorClient;
  readonly #system: System;
  readonly #cluster: StageCluster | undefined;
  /** A standby, or on a cluster another replica. */
  readonly #other: Starting;
  readonly #watch: ReturnType<typeof createWatch>;

  private constructor(dataDir: string, system: System, cluster: StageCluster | undefined) {
    this.dataDir = dataDir;
    this.#system = system;
    this.#cluster = cluster;
    const { orchestratorEnv } = system;
    this.#other = cluster
      ? start('orchestrator', {
          dataDir: join(dataDir, 'second'),
          env: { ...orchestratorEnv, ...cluster.otherEnv },
        })
      : start('orchestrator', {
          dataDir,
          port: this.portOf('orchestrator'),
          env: { ...orchestratorEnv, STANDBY: 'true' },
        });
    this.client = createOrchestratorClient({ baseUrl: this.urlOf('orchestrator') });
    this.#watch = createWatch(this.urlOf('orchestrator'));
  }

  static async open(dataDir: string): Promise<Stage> {
    const cluster = await openCluster(dataDir);
    const env = { ORDERS_OPEN_MAX: String(ordersOpenMax), ...cluster?.env };
    try {
      return new Stage(dataDir, await startSystem(dataDir, env), cluster);
    } catch (error) {
      await cluster?.close();
      throw error;
    }
  }

  get isCluster(): boolean {
    return this.#cluster !== undefined;
  }

  portOf(name: AppName): number {
    return this.#system.apps.get(name)?.port ?? 0;
  }

  urlOf(name: AppName): string {
    return `http://127.0.0.1:${this.portOf(name)}`;
  }

  /** With kill -9: it has no time to put anything in order. */
  async kill(name: AppName): Promise<void> {
    await this.#system.apps.get(name)?.kill();
  }

  /** On its old port and file. */
  async startAgain(name: AppName): Promise<void> {
    await restart(this.#system, name, this.dataDir);
  }

  /** Throws when nobody stands by. */
  async untilStandbyWaits(): Promise<void> {
    if (this.#cluster) {
      await this.#other.ready;
      return;
    }
    const url = this.urlOf('orchestrator');
    await poll('the standby does not stand by', async () => {
      return (await readStandby(url)) === 'waiting' ? true : undefined;
    });
  }

  /** Throws when the watchdog sees nothing. */
  untilAlerted(rule: Alert['rule'], subject: string): Promise<Alert> {
    return poll(`no alert ${rule} of ${subject}`, async () => {
      const reply = await this.#watch.getAlerts({}, { signal: AbortSignal.timeout(callLongestMs) });
      const alerts = reply.ok ? reply.body.alerts : [];
      return alerts.find((alert) => alert.rule === rule && alert.subject === subject);
    });
  }

  /** Acts as an operator. Throws when there is nothing to retry. */
  async retry(orderId: string, reason: string): Promise<void> {
    const request = { params: { id: orderId }, body: { reason } };
    const signal = AbortSignal.timeout(callLongestMs);
    const reply = await this.#watch.retryOrder(request, { signal });
    if (!reply.ok) throw new Error(`the retry of ${orderId} was answered ${reply.code}`);
  }

  /** Resolves when a process answers on the orchestrator's port again, with its name. */
  async untilTakenOver(): Promise<string> {
    if (this.#cluster) {
      await this.startAgain('orchestrator');
      return 'the other replica went on, and this one is started again';
    }
    this.#system.apps.set('orchestrator', await this.#other.ready);
    return 'the standby has taken over';
  }

  async close(): Promise<void> {
    const clients = [this.client.close(), this.#watch.close()];
    await Promise.all([...clients, this.#other.kill(), this.#system.end()]);
    await this.#cluster?.close();
  }
}

async function poll<T>(complaint: string, read: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + longestMs;
  while (performance.now() < deadline) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(complaint);
}

async function readStandby(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/health/ready`);
  const { checks } = (await answer.json()) as { checks?: Record<string, unknown> };
  return checks?.standby;
}
