/** Settings of traces from the environment: where they go, which of them, and how much a span may hold. */
import { z } from 'zod';
import { countMax, readAttributeLimits } from './attribute-limits.ts';
import { type OtelEnv, Timeout, Whole, Word } from './otel-env.ts';
import { type OtlpSettings, readExporters, readOtlpSettings } from './otlp-settings.ts';
import type { SpanLimits } from './span-limits.ts';

const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface SamplerSettings {
  readonly name: (typeof samplerNames)[number];
  readonly ratio: number;
}

export interface TraceSettings {
  /** When empty, nothing is traced. */
  readonly exporters: readonly ('otlp' | 'console')[];
  readonly otlp: OtlpSettings;
  readonly sampler: SamplerSettings;
  readonly spanLimits: SpanLimits;
  readonly batches: ReturnType<typeof readBatches>;
}

/** Unlike in the specification, there is no default address: nothing leaves unless an operator has named one. */
export function readTraceSettings(env: OtelEnv): TraceSettings {
  const exporters = readExporters(env, 'traces', ['otlp', 'console']);
  const otlp = readOtlpSettings(env, 'traces');
  return {
    exporters: exporters ?? (otlp.isAddressed ? ['otlp'] : []),
    otlp,
    sampler: readSampler(env),
    spanLimits: readSpanLimits(env),
    batches: readBatches(env),
  };
}

const Ratio = z
  .string()
  .transform(Number)
  .refine((ratio) => ratio >= 0 && ratio <= 1, 'must be a ratio from 0 to 1');

function readSampler(env: OtelEnv): SamplerSettings {
  const name = env.read('OTEL_TRACES_SAMPLER', Word(samplerNames)) ?? 'parentbased_always_on';
  const argument = 'OTEL_TRACES_SAMPLER_ARG';
  if (name.endsWith('traceidratio')) return { name, ratio: env.read(argument, Ratio) ?? 1 };
  if (env.read(argument, z.string()))
    env.report(argument, `is no argument of ${name}: it changes nothing here`);
  return { name, ratio: 1 };
}

function readSpanLimits(env: OtelEnv): SpanLimits {
  const readCount = (name: string) => env.read(`OTEL_${name}_COUNT_LIMIT`, Whole(0));
  return {
    ...readAttributeLimits(env, 'SPAN'),
    eventCountLimit: readCount('SPAN_EVENT') ?? countMax,
    linkCountLimit: readCount('SPAN_LINK') ?? countMax,
    attributePerEventCountLimit: readCount('EVENT_ATTRIBUTE') ?? countMax,
    attributePerLinkCountLimit: readCount('LINK_ATTRIBUTE') ?? countMax,
  };
}

/** A killed process loses the spans of this time, so it is shorter than the specification's 5,000. */
const delayMs = 500;
/** More than the specification's 2,048: a rush of orders fits in. */
const queueMax = 16_384;

function readBatches(env: OtelEnv) {
  const maxQueueSize = env.read('OTEL_BSP_MAX_QUEUE_SIZE', Whole(1)) ?? queueMax;
  const batchMax = env.read('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', Whole(1)) ?? 512;
  return {
    scheduledDelayMillis: env.read('OTEL_BSP_SCHEDULE_DELAY', Whole(0)) ?? delayMs,
    exportTimeoutMillis: env.read('OTEL_BSP_EXPORT_TIMEOUT', Timeout) ?? 30_000,
    maxQueueSize,
    maxExportBatchSize: Math.min(batchMax, maxQueueSize),
  };
}
