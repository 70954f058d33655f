/** An exporter that says when its collector takes nothing any more, and when it does again; each once. */
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { describeFailure } from './delivery.ts';
import type { Log } from './log.ts';

export interface Exporter<T> {
  export(items: T, callback: (result: ExportResult) => void): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface Loss {
  /** Something did not arrive. It is said once. */
  readonly add: (why: string, count?: number) => void;
  readonly end: () => void;
}

/** `what`: in the plural. */
export function createLoss(what: string, toLog: () => Log): Loss {
  let isGone = false;
  let lost = 0;
  // The message belongs to no request, though a request may have caused it.
  const say = (tell: () => void): void => context.with(ROOT_CONTEXT, tell);
  return {
    add: (why, count = 0) => {
      lost += count;
      if (isGone) return;
      isGone = true;
      say(() => toLog().warn({ why }, `the collector does not take ${what}`));
    },
    end: () => {
      if (!isGone) return;
      const counted = lost > 0 ? { lost } : {};
      isGone = false;
      lost = 0;
      say(() => toLog().info(counted, `the collector takes ${what} again`));
    },
  };
}

export const watchExporter = <T>(
  exporter: Exporter<T>,
  loss: Loss,
  count: (items: T) => number = () => 0,
): Exporter<T> => ({
  export: (items, callback) =>
    exporter.export(items, (result) => {
      if (result.code === ExportResultCode.SUCCESS) loss.end();
      else loss.add(describeFailure(result), count(items));
      callback(result);
    }),
  forceFlush: () => exporter.forceFlush(),
  shutdown: () => exporter.shutdown(),
});
