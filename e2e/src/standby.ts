/** A second orchestrator, of the same data and port, that waits for the end of the first. */
import { expect } from 'vitest';
import { type Starting, type System, start } from './processes.ts';

export function startStandby({ apps, orchestratorEnv }: System, dataDir: string): Starting {
  const env = { ...orchestratorEnv, STANDBY: 'true' };
  return start('orchestrator', { dataDir, port: apps.get('orchestrator')?.port ?? 0, env });
}

/** Resolves when the active orchestrator sees the standby. */
export async function untilStandbyWaits({ apps }: System): Promise<void> {
  const url = `http://127.0.0.1:${apps.get('orchestrator')?.port}/health/ready`;
  const read = async () => ((await (await fetch(url)).json()) as Health).checks.standby;
  await expect.poll(read, { timeout: 60_000, interval: 50 }).toBe('waiting');
}
interface Health {
  readonly checks: Readonly<Record<string, string>>;
}
