/** A whole system of processes, with or without the measured feature. */
import { rmSync } from 'node:fs';
import { createFastFolder } from '@baton/e2e/folder';
import { startSystem } from '@baton/e2e/processes';
import type { Collector } from './collector.ts';

export interface MeasuredSystem {
  /** The orchestrator's. */
  readonly url: string;
  readonly pids: readonly number[];
  readonly dataDir: string;
  stop(): Promise<void>;
}

export interface SystemOptions {
  /** Without a collector nothing is traced. */
  readonly collector?: Pick<Collector, 'url' | 'pageUrl'> | undefined;
  /** Default: a folder in memory, as waiting for a disk would hide the difference. */
  readonly folder?: string;
  /** Variables of every process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** As in production: without faults on purpose. */
export const production = { NODE_ENV: 'production', FAULTS: 'off' };

export async function startMeasured({
  collector,
  folder = createFastFolder('bench'),
  env: given = {},
}: SystemOptions = {}): Promise<MeasuredSystem> {
  // Set either way: variables of the surroundings must not trace a system that is measured without.
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector?.url ?? '',
    JAEGER_UI_URL: collector?.pageUrl ?? '',
    ...given,
  };
  const { apps, stop } = await startSystem(folder, env, env);
  return {
    url: `http://127.0.0.1:${apps.get('orchestrator')?.port}`,
    pids: [...apps.values()].map(({ pid }) => pid),
    dataDir: folder,
    stop: async () => {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}
