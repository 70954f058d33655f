/**
 * A thin layer on OpenTelemetry: it makes and sends spans. A collector that is slow or gone holds nobody up, also not
 * at the end of the process.
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
import { sampleDebugged } from './sampler.ts';
import { limitSpan, type SpanLimits } from './span-limits.ts';
import { scope } from './span-scope.ts';

export interface Tracing {
  /** Makes measured spans. They are sent some time later, and nobody hears whether they arrived. */
  readonly tracer: Tracer;
  /** This process's. */
  readonly resource: Resource;
  /** For callers that make their own spans. */
  readonly send: (spans: readonly ReadableSpan[]) => Promise<Delivery>;
  /** For a trace that begins here, or that the caller has begun. */
  readonly isSampled: (traceId: string, caller?: Context) => boolean;
  /** Sends the remaining spans, but waits no longer than a moment. */
  readonly close: () => Promise<void>;
}

export interface TracingOptions {
  readonly service: string;
  readonly exporter: SpanExporter;
  /** Further attributes of the resource. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Default: traces that begin here, and traces that the caller samples. */
  readonly sampler?: Sampler;
  readonly spanLimits?: SpanLimits;
  readonly batches?: Omit<BatchSpanProcessorOptions, 'exporter'>;
  /** For tests: each span is sent at its end. */
  readonly isImmediate?: boolean;
  /** For a program: its provider becomes the whole process's, unless there is one already. */
  readonly isGlobal?: boolean;
}

const closeMaxMs = 500;

export function createTracing(options: TracingOptions): Tracing {
  const { service, exporter, attributes, spanLimits } = options;
  const sampler = sampleDebugged(
    options.sampler ?? new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  );
  ensureContextManager();
  const resource = createResource(service, attributes);
  const { tracer, close } =
    options.isGlobal && hasGlobalProvider()
      ? { tracer: getTracer(trace.getTracerProvider()), close: () => exporter.shutdown() }
      : openProvider({ ...options, sampler }, resource);
  return {
    tracer,
    resource,
    // Sending is no work of anybody's trace.
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
      // The loss was logged, and is no reason to end with an error.
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
