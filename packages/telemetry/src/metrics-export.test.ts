/** What a collector gets of the figures of /metrics. */
import { Gauge } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { readMetricsSettings } from './metrics-settings.ts';
import { openMetricsExport } from './open-metrics-export.ts';
import { createOtelEnv } from './otel-env.ts';
import { createResource } from './resource.ts';
import { startRecordingCollector } from './testing/recording-collector.ts';
import { readSentMetrics } from './testing/sent-otlp.ts';

const service = 'payment-service';

async function start(given: Record<string, string> = {}, { answers = true } = {}) {
  const answer = { status: 200 };
  const collector = await startRecordingCollector({ answers, readStatus: () => answer.status });
  onTestFinished(collector.close);
  const metrics = createMetrics(service);
  const lines: string[] = [];
  const log = createLog(service, 'info', {
    write: (line) => void lines.push(JSON.parse(line).msg),
  });
  const env = createOtelEnv({
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
    ...given,
  });
  const close = await openMetricsExport({ env, service, metrics, log });
  /** On a busy machine a closing takes less time than the sending that it began. */
  const closeAndArrive = async () => {
    await close();
    await expect.poll(() => collector.recorded.length).toBeGreaterThan(0);
  };
  return { ...collector, collector, metrics, close, closeAndArrive, lines, answer };
}

/** Of the newest request. */
function readLast({ recorded }: Awaited<ReturnType<typeof start>>) {
  const [sent] = recorded.slice(-1).flatMap(readSentMetrics);
  if (!sent) throw new Error('nothing was sent');
  return sent;
}

it.each(['http/protobuf', 'http/json'])('sends every kind of figure by %s', async (protocol) => {
  const begunAt = Date.now();
  const started = await start({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
  const { metrics, recorded } = started;
  metrics.countFault('payment.process', 'latency', 2);
  metrics.startRequest({ method: 'POST', route: '/process' })(200);
  await started.closeAndArrive();
  expect(recorded.map(({ url }) => url)).toEqual(['/v1/metrics']);
  const { metrics: sent } = readLast(started);

  expect(sent.get('baton.faults.injected')).toMatchObject({
    description: 'Faults put in on purpose, by operation and kind',
    unit: '',
    sum: {
      isMonotonic: true,
      aggregationTemporality: 2,
      dataPoints: [{ attributes: { operation: 'payment.process', kind: 'latency' }, asDouble: 2 }],
    },
  });
  const { unit, gauge } = sent.get('process.resident.memory') ?? {};
  expect(unit).toBe('By');
  expect(gauge?.dataPoints).toEqual([
    expect.objectContaining({
      attributes: {},
      asDouble: expect.closeTo(process.memoryUsage.rss(), -9),
    }),
  ]);
  const duration = sent.get('http.server.request.duration');
  expect(duration).toMatchObject({ unit: 's', histogram: { aggregationTemporality: 2 } });
  const [point] = duration?.histogram?.dataPoints ?? [];
  expect(point?.attributes).toEqual({
    'http.route': '/process',
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'url.scheme': 'http',
  });
  expect(point?.explicitBounds.slice(0, 2)).toEqual([0.001, 0.0025]);
  expect(point?.bucketCounts).toHaveLength((point?.explicitBounds.length ?? 0) + 1);
  expect(point?.bucketCounts.reduce((sum, count) => sum + count)).toBe(1);
  expect(point).toMatchObject({ count: 1, startTimeUnixNano: Math.floor(performance.timeOrigin) });
  expect(point?.timeUnixNano).toBeGreaterThanOrEqual(begunAt);
});

it('says who sends, as spans and log lines do', async () => {
  const started = await start({ OTEL_RESOURCE_ATTRIBUTES: 'team=till' });
  await started.closeAndArrive();
  const { resource, metrics } = readLast(started);
  expect(resource).toEqual(createResource(service, { team: 'till' }).attributes);
  const attributes = [...metrics.values()].flatMap(({ gauge, sum, histogram }) =>
    [gauge, sum, histogram].flatMap((data) => data?.dataPoints.map((it) => it.attributes) ?? []),
  );
  expect(attributes.length).toBeGreaterThan(20);
  expect(attributes.filter((it) => 'service' in it)).toEqual([]);
});

/** As OpenTelemetry's specification has it for Prometheus. */
function toPrometheus(name: string, unit: string, isCounter: boolean): string {
  const words: Record<string, string> = { s: '_seconds', By: '_bytes', '': '' };
  return `${name.replace(/\W/g, '_')}${words[unit]}${isCounter ? '_total' : ''}`;
}

it('has names that Prometheus makes those of /metrics of, whether /metrics was asked or not', async () => {
  const started = await start();
  const { registry } = started.metrics;
  started.metrics.countFault('payment.process', 'latency');
  started.metrics.startCall({ method: 'GET', route: '/', address: 'x', port: 80 })({
    error: 'timed-out',
  });
  const page = await registry.metrics();
  await started.closeAndArrive();
  const { metrics } = readLast(started);
  const names = [...metrics.values()].map((it) => toPrometheus(it.name, it.unit, !!it.sum));
  expect(names).toContain('process_cpu_seconds_total');
  for (const name of names) expect(page).toMatch(new RegExp(`^${name}(_count)?\\{`, 'm'));
  const calls = metrics.get('http.client.request.duration')?.histogram?.dataPoints ?? [];
  // An empty label of /metrics is no attribute.
  expect(calls.map(({ attributes }) => attributes)).toEqual([
    {
      'server.address': 'x',
      'server.port': 80,
      'http.route': '/',
      'http.request.method': 'GET',
      'error.type': 'timed-out',
    },
  ]);
});

it('sends each interval, and the others when one figure cannot be read', async () => {
  const started = await start({ OTEL_METRIC_EXPORT_INTERVAL: '20' });
  const { metrics, recorded } = started;
  new Gauge({
    name: 'baton_broken',
    help: 'Cannot be read',
    registers: [metrics.registry],
    collect: () => {
      throw new Error('planned');
    },
  });
  await expect.poll(() => recorded.length).toBeGreaterThan(1);
  await started.close();
  expect([...readLast(started).metrics.keys()]).toContain('process.cpu');
});

it('says once that the collector takes nothing, and once that it does again', async () => {
  const started = await start({ OTEL_METRIC_EXPORT_INTERVAL: '20' });
  started.answer.status = 404;
  await expect.poll(() => started.recorded.length).toBeGreaterThan(3);
  started.answer.status = 200;
  await expect.poll(() => started.lines.length).toBe(2);
  await started.close();
  expect(started.lines).toEqual([
    'the collector does not take metrics',
    'the collector takes metrics again',
  ]);
});

it('goes on with the next figures when OTEL_METRIC_EXPORT_TIMEOUT is over', async () => {
  const times = { OTEL_METRIC_EXPORT_INTERVAL: '20', OTEL_METRIC_EXPORT_TIMEOUT: '10' };
  const { recorded, close } = await start(times, { answers: false });
  await expect.poll(() => recorded.length).toBeGreaterThan(1);
  await close();
});

it('ends within its time although the collector never answers', async () => {
  // An hour, so that a closing which waits for the exporter itself hangs.
  const { close } = await start({ OTEL_EXPORTER_OTLP_TIMEOUT: '3600000' }, { answers: false });
  await expect(close()).resolves.toBeUndefined();
});

it('ends without an error although nobody listens there', async () => {
  const { close, collector } = await start();
  await collector.close();
  await expect(close()).resolves.toBeUndefined();
});

it.each([
  {},
  { OTEL_METRICS_EXPORTER: 'prometheus' },
  { OTEL_METRICS_EXPORTER: 'none' },
  { OTEL_METRICS_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' },
])('sends nothing with %j, whatever the endpoint', (given) => {
  const env = createOtelEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', ...given });
  expect(readMetricsSettings(env)).toBeUndefined();
  expect(env.listProblems()).toEqual([]);
});

it('names what it cannot do', () => {
  const env = createOtelEnv({
    OTEL_METRICS_EXPORTER: 'otlp,console',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
  });
  expect(readMetricsSettings(env)).toMatchObject({ intervalMs: 60_000, timeoutMs: 30_000 });
  expect(env.listProblems()).toEqual([
    'OTEL_METRICS_EXPORTER takes otlp, prometheus, none: "console" is left out',
    'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE must be one of cumulative, not "delta": it counts as unset',
  ]);
});
