/**
 * A thin layer on OpenTelemetry: what makes spans, and where they go. A collector that is slow or gone holds nobody
 * up, also not at the end of the process.
 */
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { type Delivery, toDelivery } from './delivery.ts';
import { instanceId } from './instance-id.ts';

export interface Tracing {
  /** Sends a span that was measured here, some time later: nobody hears whether it arrived. */
  readonly take: (span: ReadableSpan) => void;
  /** Of spans that are measured here: it says which process it was. */
  readonly measured: Resource;
  /** Of spans that are not measured here: it says nothing of the process. */
  readonly resource: Resource;
  /** For who sends spans of its own making. */
  readonly send: (spans: readonly ReadableSpan[]) => Promise<Delivery>;
  /** Whether a trace that begins here is sampled. */
  readonly isSampled: (traceId: string) => boolean;
  /** Sends what is left, but waits no longer than a moment. */
  readonly close: () => Promise<void>;
}

export interface TracingOptions {
  readonly service: string;
  readonly exporter: SpanExporter;
  /** Of the traces that begin here: 0 none, 1 all. */
  readonly ratio?: number;
  /** For tests: each span is sent at its end. */
  readonly isImmediate?: boolean;
}

/** So that a restart can be seen between two spans. */
const describeProcess = () => ({
  'service.instance.id': instanceId,
  'process.pid': process.pid,
  'process.creation.time': new Date(performance.timeOrigin).toISOString(),
});

/** A process that is killed loses the spans of this long. */
const delayMs = 500;
const queueMax = 16_384;
const closeMaxMs = 500;

export function createTracing(options: TracingOptions): Tracing {
  const { service, exporter, ratio = 1, isImmediate } = options;
  // For the whole process; another tracing in it shares it, and this call then does nothing.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  // The machine tells who shares a clock. Of the process nothing is said: whoever goes on tells the same, byte for byte.
  const resource = resourceFromAttributes({ 'service.name': service, 'host.name': hostname() });
  const measured = resource.merge(resourceFromAttributes(describeProcess()));
  const processor = isImmediate
    ? new SimpleSpanProcessor({ exporter })
    : new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: delayMs,
        maxQueueSize: queueMax,
      });
  const sampler = new TraceIdRatioBasedSampler(ratio);
  return {
    take: (span) => processor.onEnd(span),
    measured,
    resource,
    send: (spans) =>
      new Promise((resolve) => exporter.export([...spans], (it) => resolve(toDelivery(it)))),
    isSampled: (traceId) =>
      sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED,
    close: async () => {
      await Promise.race([processor.shutdown(), wait(closeMaxMs, undefined, { ref: false })]);
    },
  };
}
