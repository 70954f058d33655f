/** What a collector gets of the lines of a log, and what it costs nobody. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { readLogSettings } from './log-settings.ts';
import { createMetrics } from './metrics.ts';
import { openLog } from './open-log.ts';
import { openMetricsExport } from './open-metrics-export.ts';
import { createOtelEnv } from './otel-env.ts';
import { startRequestSpan } from './request-span.ts';
import { createResource } from './resource.ts';
import { scope } from './span-scope.ts';
import { startRecordingCollector } from './testing/recording-collector.ts';
import { readSentLogs } from './testing/sent-otlp.ts';
import { createSpanRecorder } from './testing/span-recorder.ts';

const service = 'payment-service';
const Started = z.object({ request: z.instanceof(ClientRequest) });
const soon = { OTEL_BLRP_SCHEDULE_DELAY: '20' };

/** What would be on stderr. */
const written: string[] = [];
vi.mock(import('./log-lines.ts'), () => ({
  createLogLines: () => ({ write: (line) => void written.push(line) }),
}));

async function start(given: Record<string, string> = {}, { answers = true } = {}) {
  written.length = 0;
  const answer = { status: 200 };
  const collector = await startRecordingCollector({ answers, readStatus: () => answer.status });
  onTestFinished(collector.close);
  const env = createOtelEnv({
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
    ...given,
  });
  const opened = await openLog({ env, service, level: 'trace' });
  const readSent = () => collector.recorded.flatMap(readSentLogs);
  /** On a busy machine a closing takes less time than the sending that it began. */
  const closeAndArrive = async () => {
    await opened.close();
    await expect.poll(() => collector.recorded.length).toBeGreaterThan(0);
  };
  return { ...opened, collector, answer, readSent, closeAndArrive };
}
const readWritten = () => written.map((line) => JSON.parse(line));

it.each(['http/protobuf', 'http/json'])('sends each line as a record by %s', async (protocol) => {
  const { log, closeAndArrive, collector, readSent } = await start({
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_RESOURCE_ATTRIBUTES: 'team=till',
  });
  const { tracing, told } = createSpanRecorder(service);
  const traceId = 'a'.repeat(32);
  const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` };
  const span = startRequestSpan(tracing, { name: 'POST /process', headers, attributes: {} });
  await span?.run(async () => log.info({ orderId: 'ord_1', attempt: 2 }, 'said'));
  span?.end(200);
  log.fatal('the end');
  await closeAndArrive();

  expect(collector.recorded.map(({ url }) => url)).toEqual(['/v1/logs']);
  const [said, last] = readSent();
  expect(said).toEqual({
    timeUnixNano: Date.parse(readWritten()[0].time),
    severityNumber: 9,
    severityText: 'info',
    body: 'said',
    attributes: { orderId: 'ord_1', attempt: 2 },
    traceId,
    spanId: told()[0]?.spanContext().spanId,
    flags: 1,
    resource: createResource(service, { team: 'till' }).attributes,
    scope,
  });
  expect(last).toMatchObject({ severityNumber: 21, body: 'the end', traceId: '', spanId: '' });
});

it('shows no secret that stderr does not show, and stderr shows the same as without', async () => {
  const { log, closeAndArrive, readSent } = await start();
  log.warn({ token: 'tok_ok', payment: { token: 'tok_ok' }, tries: [1] }, 'said');
  await closeAndArrive();
  expect(readSent().map(({ attributes }) => attributes)).toEqual([
    { token: '[secret]', payment: { token: '[secret]' }, tries: [1] },
  ]);
  expect(readWritten()).toEqual([
    expect.objectContaining({ level: 'warn', service, msg: 'said', token: '[secret]' }),
  ]);
});

it.each([
  [{ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3' }, { step: 'res', way: 'fir' }],
  [{ OTEL_ATTRIBUTE_COUNT_LIMIT: '1' }, { step: 'reserve' }],
  [
    { OTEL_ATTRIBUTE_COUNT_LIMIT: '1', OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: '2' },
    { step: 'reserve', way: 'first' },
  ],
  [{ OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '2' }, { step: 're', way: 'fi' }],
])('holds each record to %j', async (limits, attributes) => {
  const { log, closeAndArrive, readSent } = await start(limits);
  log.info({ step: 'reserve', way: 'first' }, 'said');
  await closeAndArrive();
  expect(readSent()[0]?.attributes).toEqual(attributes);
});

it('has errors in the words of the conventions', async () => {
  const { log, closeAndArrive, readSent } = await start();
  log.error({ err: Object.assign(new TypeError('planned'), { code: 'E1' }) });
  await closeAndArrive();
  expect(readSent()[0]).toMatchObject({
    body: 'planned',
    attributes: {
      'exception.type': 'TypeError',
      'exception.message': 'planned',
      'exception.stacktrace': expect.stringContaining('log-export.test.ts'),
      err: { code: 'E1' },
    },
  });
});

it('leads to the span that a line names, whichever is active', async () => {
  const { log, closeAndArrive, readSent } = await start();
  log.info({ trace_id: 'c'.repeat(32), span_id: 'd'.repeat(16) }, 'said');
  await closeAndArrive();
  expect(readSent()[0]).toMatchObject({ traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) });
});

it('says once that lines are lost, and how many when that is over', async () => {
  const { log, close, answer, collector, readSent } = await start(soon);
  answer.status = 404;
  log.info('first');
  // The first line, and then the news of its loss.
  await expect.poll(() => collector.recorded.length).toBe(2);
  answer.status = 200;
  log.info('last');
  await expect.poll(readWritten).toHaveLength(4);
  await close();
  const arrived = readSent().slice(2);
  expect(arrived.map(({ body }) => body)).toEqual(['last', 'the collector takes log lines again']);
  expect(readWritten().map(({ msg, why, lost }) => ({ msg, why, lost }))).toEqual([
    { msg: 'first' },
    { msg: 'the collector does not take log lines', why: 'status 404' },
    { msg: 'last' },
    { msg: 'the collector takes log lines again', lost: 2 },
  ]);
});

it('keeps no more lines than it may while the collector does not answer, and no caller waits', async () => {
  // An hour, so that a closing which waits for the exporter itself hangs.
  const times = { OTEL_BLRP_EXPORT_TIMEOUT: '3600000', OTEL_EXPORTER_OTLP_TIMEOUT: '3600000' };
  const bounds = { OTEL_BLRP_MAX_QUEUE_SIZE: '10', OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '5' };
  const { log, close, collector, readSent } = await start(
    { ...times, ...bounds },
    { answers: false },
  );
  for (let n = 0; n < 1_000; n += 1) log.info({ n }, 'said');
  await close();
  await expect.poll(() => collector.recorded.length).toBe(1);
  expect(readSent()).toHaveLength(5);
  expect(readWritten()).toHaveLength(1_001);
  const { level, msg, why } = readWritten().find(({ n }) => n === undefined);
  expect({ level, msg, why }).toEqual({
    level: 'warn',
    msg: 'the collector does not take log lines',
    why: 'too many lines wait',
  });
});

it('goes on with the next lines when OTEL_BLRP_EXPORT_TIMEOUT is over', async () => {
  const times = { ...soon, OTEL_BLRP_EXPORT_TIMEOUT: '50', OTEL_EXPORTER_OTLP_TIMEOUT: '60' };
  const { log, close, collector } = await start(times, { answers: false });
  log.info('one');
  await expect.poll(() => collector.recorded.length).toBe(1);
  log.info('two');
  await expect.poll(() => collector.recorded.length).toBe(2);
  await close();
});

it('says of no request that the collector has gone', async () => {
  const { log, close, answer } = await start(soon);
  answer.status = 404;
  const { tracing } = createSpanRecorder(service);
  const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  const span = startRequestSpan(tracing, { name: 'POST /process', headers, attributes: {} });
  await span?.run(async () => log.info('said'));
  await expect.poll(readWritten).toHaveLength(2);
  await close();
  expect(readWritten().map(({ trace_id }) => trace_id)).toEqual(['a'.repeat(32), undefined]);
});

it('ends without an error although nobody listens there', async () => {
  const { log, close, collector } = await start();
  await collector.close();
  log.info('said');
  await expect(close()).resolves.toBeUndefined();
  expect(readWritten()[0]).toMatchObject({ msg: 'said' });
});

it('makes no spans of its own sending, nor do figures', async () => {
  const { log, close, collector } = await start(soon);
  createSpanRecorder(service);
  const suppressed: boolean[] = [];
  const channel = 'http.client.request.start';
  const { host } = new URL(collector.address);
  // Exporters of the tests before may still try.
  const look = (message: unknown): void => {
    const { request } = Started.parse(message);
    if (request.getHeader('host') === host) suppressed.push(isTracingSuppressed(context.active()));
  };
  subscribe(channel, look);
  onTestFinished(() => void unsubscribe(channel, look));
  const env = createOtelEnv({
    OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.address,
  });
  const metrics = createMetrics(service);
  const closeMetrics = await openMetricsExport({ env, service, metrics, log });
  log.info('said');
  await expect.poll(() => collector.recorded.length).toBe(1);
  await closeMetrics();
  log.info('said');
  await close();
  await expect.poll(() => suppressed).toEqual([true, true, true]);
});

it.each([
  {},
  { OTEL_LOGS_EXPORTER: 'none' },
  { OTEL_LOGS_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' },
])('sends nothing with %j, whatever the endpoint', async (given) => {
  const env = createOtelEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', ...given });
  expect(readLogSettings(env)).toBeUndefined();
  expect(env.listProblems()).toEqual([]);
});
