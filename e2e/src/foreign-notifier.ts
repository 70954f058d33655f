/** Starts the participant of e2e/foreign, on a free port. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const foreign = join(import.meta.dirname, '../foreign');

/** What makes Node load OpenTelemetry's own instrumentations before a program. */
export const instrumented = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(foreign, 'instrument.ts'))}`,
};

export interface Notifier {
  readonly url: string;
  readonly stop: () => void;
}

/** Spans go to `collectorUrl`, over OTLP. */
export async function startNotifier(collectorUrl: string): Promise<Notifier> {
  const program = spawn(process.execPath, [join(foreign, 'notifier.ts')], {
    env: {
      PATH: process.env.PATH,
      ...instrumented,
      OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
      OTEL_SERVICE_NAME: 'notifier',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: program.stdout }), 'line');
  return {
    url: `http://127.0.0.1:${JSON.parse(line).port}`,
    stop: () => void program.kill(),
  };
}
