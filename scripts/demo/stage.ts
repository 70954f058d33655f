/** Everything that the demo runs: every participant, the orchestrator and its standby, as processes of their own. */
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

const pollMs = 50;
const longestMs = 20_000;
const callLongestMs = 5_000;

/** Few, so that the queue can be seen to be full. */
export const ordersOpenMax = 12;

const createWatch = (baseUrl: string) =>
  createClient({ ...alertOperations, ...operatorOperations }, { baseUrl });

export class Stage {
  readonly dataDir: string;
  readonly client: OrchestratorClient;
  readonly #system: System;
  readonly #standby: Starting;
  readonly #watch: ReturnType<typeof createWatch>;

  private constructor(dataDir: string, system: System) {
    this.dataDir = dataDir;
    this.#system = system;
    const env = { ...system.orchestratorEnv, STANDBY: 'true' };
    this.#standby = start('orchestrator', { dataDir, port: this.portOf('orchestrator'), env });
    this.client = createOrchestratorClient({ baseUrl: this.urlOf('orchestrator') });
    this.#watch = createWatch(this.urlOf('orchestrator'));
  }

  static async open(dataDir: string): Promise<Stage> {
    const env = { ORDERS_OPEN_MAX: String(ordersOpenMax) };
    return new Stage(dataDir, await startSystem(dataDir, env));
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

  /** As an operator. Throws when there is nothing to retry. */
  async retry(orderId: string, reason: string): Promise<void> {
    const request = { params: { id: orderId }, body: { reason } };
    const signal = AbortSignal.timeout(callLongestMs);
    const reply = await this.#watch.retryOrder(request, { signal });
    if (!reply.ok) throw new Error(`the retry of ${orderId} was answered ${reply.code}`);
  }

  /** Resolves when the standby answers on the orchestrator's port. */
  async untilTakenOver(): Promise<void> {
    this.#system.apps.set('orchestrator', await this.#standby.ready);
  }

  async close(): Promise<void> {
    const clients = [this.client.close(), this.#watch.close()];
    await Promise.all([...clients, this.#standby.kill(), this.#system.end()]);
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
