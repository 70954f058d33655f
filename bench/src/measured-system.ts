/** A whole system of processes, started with what is to be measured or without it. */
import { rmSync } from 'node:fs';
import { createFastFolder } from '@baton/e2e/folder';
import { startSystem } from '@baton/e2e/processes';
import type { Collector } from './collector.ts';

export interface MeasuredSystem {
  /** The orchestrator's. */
  readonly url: string;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** Without a collector nothing is traced. */
export async function startMeasured(
  collector?: Pick<Collector, 'url' | 'pageUrl'>,
): Promise<MeasuredSystem> {
  // In memory: a disk that is waited for would hide what tracing takes.
  const dataDir = createFastFolder('bench');
  // Said either way: what is set around us must not trace those that are measured without.
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector?.url ?? '',
    OTEL_TRACES_SAMPLER_ARG: '1',
    JAEGER_UI_URL: collector?.pageUrl ?? '',
  };
  const { apps, stop } = await startSystem(dataDir, env, env);
  return {
    url: `http://127.0.0.1:${apps.get('orchestrator')?.port}`,
    pids: [...apps.values()].map(({ pid }) => pid),
    stop: async () => {
      await stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}
