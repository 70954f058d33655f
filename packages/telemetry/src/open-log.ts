/** A program's log: to stderr and, where the environment asks for it, to a collector. The exporter is loaded only then. */
import { logs } from '@opentelemetry/api';
import { pino } from 'pino';
import { createLog, createStderrLines, type Log, type LogLevel } from './log.ts';
import { readLogSettings } from './log-settings.ts';
import type { OtelEnv } from './otel-env.ts';
import { readResourceAttributes } from './resource-settings.ts';
import { scope } from './span-scope.ts';
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

/** An instrumentation of pino hands each line to the program's own logger provider, if it has one, as to a second stream. */
const isSentAlready = (log: Log): boolean =>
  'streams' in Reflect.get(log, pino.symbols.streamSym) && logs.getLogger(scope.name).enabled();

export async function openLog({ env, service, level }: OpenLogOptions): Promise<OpenLog> {
  const settings = readLogSettings(env);
  const attributes = readResourceAttributes(env, service);
  const lines = createStderrLines(service);
  const plain: OpenLog = { log: createLog(service, level, lines), close: async () => {} };
  if (settings === undefined) return plain;
  if (isSentAlready(plain.log)) {
    env.report(
      'OTEL_LOGS_EXPORTER',
      'is up to the logger provider that the program has registered',
    );
    return plain;
  }
  const { openLogExport } = await import('./log-export.ts');
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
