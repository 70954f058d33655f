/**
 * A thin layer on OpenTelemetry: what makes spans, and where they go. A collector that is slow or gone holds nobody
 * up, also not at the end of the process.
 */
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Context,
  context,
  ROOT_CONTEXT,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type BatchSpanProcessorOptions,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Delivery, toDelivery } from './delivery.ts';
import { ensureContextManager, hasGlobalProvider, registerProvider } from './global-parts.ts';
import { holdParts } from './request-scene.ts';
import { createResource } from './resource.ts';
import { limitSpan, type SpanLimits } from './span-limits.ts';
import { scope } from './span-scope.ts';

export interface Tracing {
  /** Makes the spans that are measured here, some time later to be sent: nobody hears whether they arrived. */
  readonly tracer: Tracer;
  /** Of this process. */
  readonly resource: Resource;
  /** For who sends spans of its own making. */
  readonly send: (spans: readonly ReadableSpan[]) => Promise<Delivery>;
  /** Of a trace that begins here, or that the caller has begun. */
  readonly isSampled: (traceId: string, caller?: Context) => boolean;
  /** Sends what is left, but waits no longer than a moment. */
  readonly close: () => Promise<void>;
}

export interface TracingOptions {
  readonly service: string;
  readonly exporter: SpanExporter;
  /** What else the resource has. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** By default, traces that begin here, and those that the caller samples. */
  readonly sampler?: Sampler;
  readonly spanLimits?: SpanLimits;
  readonly batches?: Omit<BatchSpanProcessorOptions, 'exporter'>;
  /** For tests: each span is sent at its end. */
  readonly isImmediate?: boolean;
  /** For a program: its provider is that of the whole process, unless there is one already. */
  readonly isGlobal?: boolean;
}

const closeMaxMs = 500;

export function createTracing(options: TracingOptions): Tracing {
  const { service, exporter, attributes, spanLimits } = options;
  const sampler = options.sampler ?? new ParentBasedSampler({ root: new AlwaysOnSampler() });
  ensureContextManager();
  const resource = createResource(service, attributes);
  const { tracer, close } =
    options.isGlobal && hasGlobalProvider()
      ? { tracer: getTracer(trace.getTracerProvider()), close: () => exporter.shutdown() }
      : openProvider({ ...options, sampler }, resource);
  return {
    tracer,
    resource,
    // However it is sent, that is no work of anybody's trace.
    send: (spans) =>
      context.with(
        suppressTracing(context.active()),
        () =>
          new Promise<Delivery>((resolve) =>
            exporter.export(
              spans.map((span) => (spanLimits ? limitSpan(span, spanLimits) : span)),
              (it) => resolve(toDelivery(it)),
            ),
          ),
      ),
    isSampled: (traceId, caller = ROOT_CONTEXT) =>
      sampler.shouldSample(caller, traceId, 'order', SpanKind.SERVER, {}, []).decision ===
      SamplingDecision.RECORD_AND_SAMPLED,
    close: async () => {
      // What did not arrive was said, and is no reason to end otherwise than well.
      const closed = close().catch(() => {});
      await Promise.race([closed, wait(closeMaxMs, undefined, { ref: false })]);
    },
  };
}

const getTracer = (provider: Pick<TracerProvider, 'getTracer'>): Tracer =>
  provider.getTracer(scope.name, scope.version, { schemaUrl: scope.schemaUrl });

function openProvider(
  { exporter, batches, isImmediate, isGlobal, ...options }: TracingOptions,
  resource: Resource,
): { readonly tracer: Tracer; readonly close: () => Promise<void> } {
  const processor = isImmediate
    ? new SimpleSpanProcessor({ exporter })
    : new BatchSpanProcessor({ exporter, ...batches });
  const provider = new TracerProvider({
    ...options,
    resource,
    spanProcessors: [holdParts(processor)],
  });
  if (isGlobal) registerProvider(provider);
  return { tracer: getTracer(provider), close: () => provider.shutdown() };
}
