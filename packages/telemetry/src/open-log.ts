/** A program's log: to stderr and, where the environment asks for it, to a collector. The exporter is loaded only then. */
import { createLog, createStderrLines, type Log, type LogLevel } from './log.ts';
import { readLogSettings } from './log-settings.ts';
import type { OtelEnv } from './otel-env.ts';
import { readResourceAttributes } from './resource-settings.ts';
import { createLoss, type Loss } from './watched-exporter.ts';

export interface OpenLogOptions {
  readonly env: OtelEnv;
  readonly service: string;
  readonly level: LogLevel;
}

export interface OpenLog {
  readonly log: Log;
  readonly close: () => Promise<void>;
}

export async function openLog({ env, service, level }: OpenLogOptions): Promise<OpenLog> {
  const settings = readLogSettings(env);
  const attributes = readResourceAttributes(env, service);
  if (settings === undefined) return { log: createLog(service, level), close: async () => {} };
  const { openLogExport } = await import('./log-export.ts');
  const lines = createStderrLines(service);
  // The log itself tells of the loss: stderr has all lines.
  const loss: Loss = createLoss('log lines', () => log);
  const { take, close } = await openLogExport({ service, attributes, settings, loss });
  const log = createLog(service, level, {
    write: (line) => {
      lines.write(line);
      take(line);
    },
  });
  return { log, close };
}
