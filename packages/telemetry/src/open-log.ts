/** The log of a program: on stderr, and where somebody asked for it, to a collector too. What sends it is loaded only then. */
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
  // It is told of in the very log whose lines are lost, which stderr has.
  const loss: Loss = createLoss('log lines', () => log);
  const { take, close } = await openLogExport({ attributes, settings, loss });
  const log = createLog(service, level, {
    write: (line) => {
      lines.write(line);
      take(line);
    },
  });
  return { log, close };
}
