/** Where spans go: an OTLP collector such as Jaeger, over HTTP, and the console. */
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { ConsoleSpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import { describeFailure, toDelivery } from './delivery.ts';
import { hasDiagLogger } from './global-parts.ts';
import type { Log } from './log.ts';
import { toExporterConfig } from './otlp-exporter-config.ts';
import type { OtlpSettings } from './otlp-settings.ts';
import { createSampler } from './sampler.ts';
import type { TraceSettings } from './trace-settings.ts';
import { createTracing, type Tracing } from './tracing.ts';

export interface CollectorOptions {
  readonly service: string;
  readonly settings: TraceSettings;
  /** The resource's name. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** A warning that each batch may cause is logged no more often. */
const sayEveryMs = 600_000;
const messageMax = 200;

/**
 * Answers once, and in time: an answer that comes a byte at a time is never silent. A late answer is worth nothing: the
 * same spans may be under way again.
 */
const limit = (exporter: SpanExporter, answerMaxMs: number): SpanExporter => ({
  export: (spans, callback) => {
    let isOver = false;
    const answer = (result: ExportResult): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      callback(result);
    };
    const late = { code: ExportResultCode.FAILED, error: new Error('no answer in time') };
    const timer = setTimeout(() => answer(late), answerMaxMs).unref();
    exporter.export(spans, answer);
  },
  shutdown: () => exporter.shutdown(),
  forceFlush: async () => exporter.forceFlush?.(),
});

function seldom<A extends unknown[]>(say: (...given: A) => void): (...given: A) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (...given) => {
    if (performance.now() - saidAt < sayEveryMs) return;
    saidAt = performance.now();
    say(...given);
  };
}

/**
 * Says once that the collector has gone, and once that it is back. A collector that refuses a batch is there: that it
 * takes the next one is no news.
 */
function watch(exporter: SpanExporter, log: Log): SpanExporter {
  let isGone = false;
  const sayRefused = seldom((why: string) =>
    log.warn({ why }, 'the trace collector refuses spans'),
  );
  const hear = (result: ExportResult): void => {
    const delivery = toDelivery(result);
    const why = describeFailure(result);
    if (delivery === 'refused') sayRefused(why);
    if (delivery === 'away' && !isGone)
      log.warn({ why }, 'the trace collector does not take spans');
    if (delivery === 'arrived' && isGone) log.info('the trace collector takes spans again');
    if (delivery !== 'refused') isGone = delivery === 'away';
  };
  return {
    ...exporter,
    export: (spans, callback) =>
      exporter.export(spans, (result) => {
        hear(result);
        callback(result);
      }),
  };
}

/** A collector that took only a part answers 200: the exporter tells it nowhere else. */
function hearPartial(log: Log): void {
  if (hasDiagLogger()) return;
  const sayPartial = seldom((spans: number, message: string) =>
    log.warn({ spans, message }, 'the trace collector refuses some spans of a batch'),
  );
  const ignore = (): void => {};
  const logger: DiagLogger = {
    error: ignore,
    warn: (what, answer) => {
      if (!what.includes('Partial Success')) return;
      const { rejectedSpans, errorMessage } = readPartial(answer);
      if (rejectedSpans > 0) sayPartial(rejectedSpans, errorMessage);
    },
    info: ignore,
    debug: ignore,
    verbose: ignore,
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN });
}

function readPartial(answer: unknown) {
  // The exporter's own JSON of an object; its fields are the collector's.
  const { rejectedSpans, errorMessage } = JSON.parse(String(answer));
  return {
    rejectedSpans: Number(rejectedSpans ?? 0),
    errorMessage: String(errorMessage ?? '').slice(0, messageMax),
  };
}

async function createOtlpExporter(settings: OtlpSettings): Promise<SpanExporter> {
  const { OTLPTraceExporter } = await (settings.protocol === 'http/json'
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter(toExporterConfig(settings));
}

/** Spans arrived when every collector took them. */
const join = (exporters: readonly SpanExporter[]): SpanExporter => ({
  export: (spans, callback) => {
    let left = exporters.length;
    let joined: ExportResult = { code: ExportResultCode.SUCCESS };
    const hear = (result: ExportResult): void => {
      left -= 1;
      if (result.code !== ExportResultCode.SUCCESS) joined = result;
      if (left === 0) callback(joined);
    };
    for (const exporter of exporters) exporter.export(spans, hear);
  },
  shutdown: async () => {
    await Promise.all(exporters.map((exporter) => exporter.shutdown()));
  },
});

export async function openCollector({
  service,
  settings,
  attributes,
  log,
}: CollectorOptions): Promise<Tracing> {
  const { exporters, otlp, sampler, spanLimits, batches } = settings;
  hearPartial(log);
  const opened = exporters.map(async (name) =>
    name === 'console'
      ? new ConsoleSpanExporter()
      : watch(limit(await createOtlpExporter(otlp), otlp.timeoutMs), log),
  );
  return createTracing({
    service,
    attributes,
    exporter: join(await Promise.all(opened)),
    sampler: createSampler(sampler),
    spanLimits,
    batches,
    isGlobal: true,
  });
}
