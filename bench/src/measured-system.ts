/** A whole system of processes, started with what is to be measured or without it. */
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
  /** Without one nothing is traced. */
  readonly collector?: Pick<Collector, 'url' | 'pageUrl'> | undefined;
  /** Default: one in memory, as a disk that is waited for would hide what is measured. */
  readonly folder?: string;
  /** Of every process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** As they run in production: nothing in them can be broken on purpose. */
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
