import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHistogram } from './histogram.ts';
import { createMetrics } from './metrics.ts';

const process = { method: 'POST', route: '/process' };
const spanRef = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

const readLines = async ({ registry }: ReturnType<typeof createMetrics>, name: string) =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));

/** As a server's instrumentation does: what is called here runs inside the span. */
const within = <T>(traceFlags: number, work: () => T): T =>
  context.with(
    trace.setSpan(context.active(), trace.wrapSpanContext({ ...spanRef, traceFlags })),
    work,
  );

it('leads from a request to the span it began in, also when it ends outside of it', async () => {
  const metrics = createMetrics('payment-service');
  const end = within(1, () => metrics.startRequest(process));
  end(200);
  const lines = await readLines(metrics, 'http_server_request_duration_seconds_bucket');
  expect(lines.filter((line) => line.includes(' # '))).toEqual([
    expect.stringMatching(
      /http_route="\/process",http_request_method="POST",http_response_status_code="200".*\} 1 # \{trace_id="a{32}",span_id="b{16}"\} \d/,
    ),
  ]);
});

it('leads nowhere from a request that no trace is kept of', async () => {
  const metrics = createMetrics('payment-service');
  metrics.startRequest(process)(200);
  within(0, () => metrics.startRequest({ method: 'POST', route: '/refund' }))(200);
  const text = await metrics.registry.metrics();
  expect(text).toContain('http_route="/refund"');
  expect(text).not.toContain('trace_id');
});

it('tells the errors of requests: answers of 500 and above, and those that nobody got', async () => {
  const metrics = createMetrics('payment-service');
  for (const status of [409, 503, null]) metrics.startRequest(process)(status);
  const lines = await readLines(metrics, 'http_server_request_duration_seconds_count');
  const labels = (status: string, error: string) =>
    expect.stringContaining(
      `http_response_status_code="${status}",url_scheme="http",error_type="${error}"`,
    );
  expect(lines).toEqual([labels('409', ''), labels('503', '503'), labels('', 'no-answer')]);
});

it('times calls by their server, and by status or by why there was none', async () => {
  const metrics = createMetrics('orchestrator');
  const call = { ...process, address: 'payment-service', port: 4003 };
  metrics.startCall(call)({ status: 200 });
  metrics.startCall(call)({ status: 409 });
  metrics.startCall(call)({ error: 'timed-out' });
  const lines = await readLines(metrics, 'http_client_request_duration_seconds_count');
  const shared =
    'server_address="payment-service",server_port="4003",http_route="/process",http_request_method="POST"';
  expect(lines).toEqual([
    expect.stringContaining(`${shared},http_response_status_code="200",error_type=""`),
    expect.stringContaining(`${shared},http_response_status_code="409",error_type="409"`),
    expect.stringContaining(`${shared},http_response_status_code="",error_type="timed-out"`),
  ]);
});

it('is OpenMetrics, and a counter has the same name at each scrape', async () => {
  const metrics = createMetrics('payment-service');
  metrics.countFault('payment.process', 'latency');
  const first = await readLines(metrics, 'baton_faults');
  expect(metrics.registry.contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  expect(await metrics.registry.metrics()).toMatch(/\n# EOF\n$/);
  expect(first).toEqual([
    'baton_faults_injected_total{operation="payment.process",kind="latency",service="payment-service"} 1',
  ]);
  expect(await readLines(metrics, 'baton_faults')).toEqual(first);
});

it('keeps an exemplar for each bucket, the newest', async () => {
  const metrics = createMetrics('orchestrator');
  const design = {
    name: 'span_seconds',
    help: 'Spans',
    labelNames: ['step'],
    buckets: [1, 5],
  } as const;
  const observe = createHistogram(metrics.registry, design);
  const span = (spanId: string) => ({ ...spanRef, spanId, isSampled: true });
  observe({ step: 'pay' }, 0.5, span('1'.repeat(16)));
  observe({ step: 'pay' }, 0.7, span('2'.repeat(16)));
  observe({ step: 'pay' }, 0.9, { ...span('3'.repeat(16)), isSampled: false });
  observe({ step: 'pay' }, 9, span('4'.repeat(16)));
  const exemplars = (await readLines(metrics, 'span_seconds_bucket')).map((line) => [
    /le="([^"]+)"/.exec(line)?.[1],
    /span_id="(\d)/.exec(line)?.[1],
  ]);
  expect(exemplars).toEqual([
    ['1', '2'],
    ['5', undefined],
    ['+Inf', '4'],
  ]);
});
