/** The whole system as real processes, and a real Jaeger that their spans go to. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem } from '../processes.ts';
import { type RealJaeger, startJaeger } from './real-jaeger.ts';

export interface TracedSystem {
  readonly jaeger: RealJaeger;
  readonly dataDir: string;
  /** Of the orchestrator. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startTracedSystem(): Promise<TracedSystem> {
  const dataDir = mkdtempSync(join(tmpdir(), 'baton-traced-'));
  const jaeger = await startJaeger();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = jaeger.otlpUrl;
  const system = await startSystem(dataDir);
  return {
    jaeger,
    dataDir,
    url: `http://127.0.0.1:${system.apps.get('orchestrator')?.port}`,
    async stop() {
      delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
      await system.stop();
      await jaeger.stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}
