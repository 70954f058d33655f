import { expect, it } from 'vitest';
import { createOtelEnv } from './otel-env.ts';
import { readTraceSettings } from './trace-settings.ts';

function read(source: Record<string, string>) {
  const env = createOtelEnv(source);
  return { ...readTraceSettings(env), problems: env.listProblems() };
}

it('traces nothing by itself, and has the defaults', () => {
  expect(read({})).toMatchObject({
    exporters: [],
    sampler: { name: 'parentbased_always_on', ratio: 1 },
    spanLimits: {
      attributeCountLimit: 128,
      attributeValueLengthLimit: Number.POSITIVE_INFINITY,
      eventCountLimit: 128,
      linkCountLimit: 128,
      attributePerEventCountLimit: 128,
      attributePerLinkCountLimit: 128,
    },
    batches: {
      scheduledDelayMillis: 500,
      exportTimeoutMillis: 30_000,
      maxQueueSize: 16_384,
      maxExportBatchSize: 512,
    },
    problems: [],
  });
});

const address = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };

it.each([
  [address, ['otlp']],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c' }, ['otlp']],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }, []],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, ['otlp']],
  [{ ...address, OTEL_TRACES_EXPORTER: 'console' }, ['console']],
  [{ ...address, OTEL_TRACES_EXPORTER: 'none' }, []],
  [{ ...address, OTEL_TRACES_EXPORTER: 'zipkin' }, ['otlp']],
  [{ ...address, OTEL_SDK_DISABLED: 'true' }, []],
])('exports with %j to %j', (source, exporters) => {
  expect(read(source).exporters).toEqual(exporters);
});

it.each(['0', '1', '0.25', '.5', '1e-3'])('reads the ratio %s', (ratio) => {
  for (const name of ['traceidratio', 'parentbased_traceidratio'])
    expect(read({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio })).toMatchObject({
      sampler: { name, ratio: Number(ratio) },
      problems: [],
    });
});

it.each(['-0.1', '1.1', 'half', 'endpoint=http://localhost:14250,initialSamplingRate=0.25'])(
  'keeps every trace for the ratio %s',
  (ratio) => {
    const { sampler, problems } = read({
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: ratio,
    });
    expect(sampler.ratio).toBe(1);
    expect(problems).toEqual([
      `OTEL_TRACES_SAMPLER_ARG must be a ratio from 0 to 1, not "${ratio}": it counts as unset`,
    ]);
  },
);

it.each([undefined, 'always_off', 'jaeger_remote'])(
  'names an argument that the sampler %s does not take',
  (sampler) => {
    const { problems } = read({
      ...(sampler && { OTEL_TRACES_SAMPLER: sampler }),
      OTEL_TRACES_SAMPLER_ARG: '0.5',
    });
    expect(problems.at(-1)).toBe(
      `OTEL_TRACES_SAMPLER_ARG is no argument of ${sampler === 'always_off' ? 'always_off' : 'parentbased_always_on'}: it changes nothing here`,
    );
  },
);

it('sends no more at once than the queue holds', () => {
  const { batches } = read({ OTEL_BSP_MAX_QUEUE_SIZE: '10' });
  expect(batches).toMatchObject({ maxQueueSize: 10, maxExportBatchSize: 10 });
});
