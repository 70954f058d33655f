/**
 * The lines of a log on their way to a collector, beside stderr.
 *
 * 1. No line waits for the collector, and no fault of the collector is thrown.
 * 2. While `queueMax` lines wait, further lines are lost here. The loss is said once, and how many were lost when it is over.
 */
import { setTimeout as wait } from 'node:timers/promises';
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
} from '@opentelemetry/sdk-logs';
import { toLogRecord } from './log-record.ts';
import type { LogSettings } from './log-settings.ts';
import { toExporterConfig } from './otlp-exporter-config.ts';
import { createResource } from './resource.ts';
import { scope } from './span-scope.ts';
import { type Loss, watchExporter } from './watched-exporter.ts';

export interface LogExportOptions {
  readonly service: string;
  /** From `readResourceAttributes`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly settings: LogSettings;
  readonly loss: Loss;
}

export interface LogExport {
  readonly take: (line: string) => void;
  /** Sends the remaining lines, but waits no longer than a moment. */
  readonly close: () => Promise<void>;
}

const closeMaxMs = 500;

async function createExporter({ otlp }: LogSettings): Promise<LogRecordExporter> {
  const { OTLPLogExporter } =
    otlp.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-logs-otlp-http')
      : await import('@opentelemetry/exporter-logs-otlp-proto');
  return new OTLPLogExporter(toExporterConfig(otlp));
}

export async function openLogExport(options: LogExportOptions): Promise<LogExport> {
  const { service, attributes, settings, loss } = options;
  const { delayMs, timeoutMs, queueMax, batchMax, limits } = settings;
  const watched = watchExporter(await createExporter(settings), loss, ({ length }) => length);
  let waiting = 0;
  const processor = new BatchLogRecordProcessor({
    exporter: {
      ...watched,
      export: (records, callback) => {
        waiting -= records.length;
        watched.export(records, callback);
      },
    },
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: timeoutMs,
    maxQueueSize: queueMax,
    maxExportBatchSize: Math.min(batchMax, queueMax),
  });
  const provider = new LoggerProvider({
    resource: createResource(service, attributes),
    logRecordLimits: limits,
    processors: [processor],
  });
  const { name, version, schemaUrl } = scope;
  const logger = provider.getLogger(name, version, { schemaUrl });
  return {
    take: (line) => {
      if (waiting >= queueMax) return loss.add('too many lines wait', 1);
      waiting += 1;
      logger.emit(toLogRecord(line));
    },
    close: async () => {
      await Promise.race([provider.shutdown(), wait(closeMaxMs, undefined, { ref: false })]);
    },
  };
}
