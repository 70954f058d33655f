/** Everything that the demo runs: four services, payment twice, the orchestrator and its standby, as processes of their own. */
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import {
  type AppName,
  restart,
  type Starting,
  type System,
  start,
  startSystem,
} from '../../e2e/src/processes.ts';

const STANDBY_POLL_MS = 50;
const STANDBY_LONGEST_MS = 20_000;

export class Stage {
  readonly dataDir: string;
  readonly client: OrchestratorClient;
  readonly #system: System;
  readonly #standby: Starting;

  private constructor(dataDir: string, system: System) {
    this.dataDir = dataDir;
    this.#system = system;
    const env = { ...system.orchestratorEnv, STANDBY: 'true' };
    this.#standby = start('orchestrator', { dataDir, port: this.portOf('orchestrator'), env });
    this.client = createOrchestratorClient({ baseUrl: this.urlOf('orchestrator') });
  }

  static async open(dataDir: string): Promise<Stage> {
    return new Stage(dataDir, await startSystem(dataDir));
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
    const deadline = performance.now() + STANDBY_LONGEST_MS;
    while (performance.now() < deadline) {
      if ((await readStandby(this.urlOf('orchestrator'))) === 'waiting') return;
      await new Promise((resolve) => setTimeout(resolve, STANDBY_POLL_MS));
    }
    throw new Error('the standby does not stand by');
  }

  /** Resolves when the standby answers on the orchestrator's port. */
  async untilTakenOver(): Promise<void> {
    this.#system.apps.set('orchestrator', await this.#standby.ready);
  }

  async close(): Promise<void> {
    await Promise.all([this.client.close(), this.#standby.kill(), this.#system.stop()]);
  }
}

async function readStandby(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/health/ready`);
  const { checks } = (await answer.json()) as { checks?: Record<string, unknown> };
  return checks?.standby;
}
