/** Who knows only OpenTelemetry: programs that instrument ours, and a participant without a line of ours. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants } from '@baton/contracts';
import { createOrchestratorClient } from '@baton/service-kit';
import {
  type Recorded,
  type RecordingCollector,
  startRecordingCollector,
} from '@baton/telemetry/testing/recording-collector';
import { readSentLogs, readSentMetrics } from '@baton/telemetry/testing/sent-otlp';
import { readSentSpans, type SentSpan } from '@baton/telemetry/testing/sent-spans';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { instrumented, type Notifier, startNotifier } from './foreign-notifier.ts';
import { type System, startSystem } from './processes.ts';

type Sent = Pick<SentSpan, 'resource'>;

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
} as const;

/** Kinds, as OTLP numbers them. */
const [server, client] = [2, 3];

let folder: string;
let collector: RecordingCollector;
let traced: Readonly<Record<string, string>>;
let system: System | undefined;
let notifier: Notifier | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-foreign-'));
  collector = await startRecordingCollector();
  traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.address };
});
afterEach(async () => {
  await system?.stop();
  notifier?.stop();
  await collector.close();
  rmSync(folder, { recursive: true });
});

const readSpans = (): readonly SentSpan[] =>
  collector.recorded
    .filter(({ url }) => url === '/v1/traces')
    .flatMap(({ body, headers }) => readSentSpans(body, headers['content-type']));

async function place(): Promise<string> {
  const baseUrl = `http://127.0.0.1:${system?.apps.get('orchestrator')?.port}`;
  const client = createOrchestratorClient({ baseUrl });
  const reply = await client.placeOrder(order, { waitSeconds: 20 });
  await client.close();
  expect(reply).toMatchObject({ ok: true, body: { status: 'completed' } });
  return reply.ok ? reply.body.orderId : '';
}

/** Once its end has arrived, and all programs have sent what they had. */
async function readTrace(orderId: string): Promise<readonly SentSpan[]> {
  await vi.waitUntil(
    () =>
      readSpans().some(
        ({ name, attributes }) =>
          name === 'order completed' && attributes['baton.order.id'] === orderId,
      ),
    { timeout: 30_000, interval: 100 },
  );
  await system?.end();
  const ids = new Set(
    readSpans().flatMap(({ traceId, attributes }) =>
      attributes['baton.order.id'] === orderId ? [traceId] : [],
    ),
  );
  expect(ids.size).toBe(1);
  return readSpans().filter(({ traceId }) => ids.has(traceId));
}

/** Of the kind, by what they did; each once. */
const listKind = (spans: readonly SentSpan[], kind: number): string[] =>
  spans
    .filter((span) => span.kind === kind)
    .map(({ resource, name }) => `${resource['service.name']} ${name}`)
    .sort();

const calls = ['POST /notify', 'POST /process', 'POST /reserve', 'POST /validate'];

/** One root, and nothing that hangs on what is not there. */
function checkTree(spans: readonly SentSpan[], rootName: string): void {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(ids.size).toBe(spans.length);
  const roots = spans.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId));
  expect(roots.map(({ name, parentSpanId = '' }) => [name, parentSpanId])).toEqual([
    [rootName, ''],
  ]);
}

it('is instrumented by the public packages without an orphan, a double or a trace of its own', async () => {
  const env = { ...traced, ...instrumented, OTEL_LOGS_EXPORTER: 'otlp', LOG_LEVEL: 'warn' };
  system = await startSystem(folder, env, env);
  const spans = await readTrace(await place());
  checkTree(spans, 'POST /orders');
  expect(listKind(spans, client)).toEqual(calls.map((call) => `orchestrator ${call}`));
  expect(listKind(spans, server)).toEqual([
    'inventory-service POST /reserve',
    'notification-service POST /notify',
    'orchestrator POST /orders',
    'order-service POST /validate',
    'payment-service POST /process',
  ]);
  // Theirs and ours, in one tree.
  const names = spans.map(({ name }) => name);
  expect(spans.filter(({ attributes }) => attributes['baton.fence'] === 'done')).toHaveLength(4);
  expect(names.filter((name) => name === 'request handler')).toHaveLength(5);
  // Nobody asked for the looks at health and catalogue.
  expect(new Set(readSpans().map(({ traceId }) => traceId)).size).toBe(1);
  const lines = collector.recorded.filter(({ url }) => url === '/v1/logs').flatMap(readSentLogs);
  const told = lines.map(({ resource, timeUnixNano, body }) =>
    [resource['service.name'], timeUnixNano, body].join(' '),
  );
  expect(told.filter((line, i) => told.indexOf(line) !== i)).toEqual([]);
  expect(told.filter((line) => line.startsWith('orchestrator ')).length).toBeGreaterThan(0);
});

it('sends logs and metrics by OTLP too, where the environment asks for them', async () => {
  const otlp = { OTEL_LOGS_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp' };
  const env = {
    ...traced,
    ...otlp,
    OTEL_METRIC_EXPORT_INTERVAL: '200',
    // Each program warns of what it does not know.
    OTEL_PROPAGATORS: 'tracecontext,xray',
    LOG_LEVEL: 'warn',
  };
  system = await startSystem(folder, env, env);
  await place();
  const listSenders = (path: string, read: (sent: Recorded) => readonly Sent[]) => [
    ...new Set(
      collector.recorded
        .filter(({ url }) => url === path)
        .flatMap((sent) => read(sent).map(({ resource }) => resource['service.name'])),
    ),
  ];
  const all = ['orchestrator', ...listedParticipants.map(({ name }) => name)].toSorted();
  await expect.poll(() => listSenders('/v1/metrics', readSentMetrics).toSorted()).toEqual(all);
  await expect.poll(() => listSenders('/v1/logs', readSentLogs).toSorted()).toEqual(all);
});

it('lets a participant join that knows the protocol and OpenTelemetry, and no line of ours', async () => {
  notifier = await startNotifier(collector.address);
  system = await startSystem(folder, { ...traced, NOTIFICATION_SERVICE_URL: notifier.url }, traced);
  const spans = await readTrace(await place());
  checkTree(spans, 'order');
  expect(listKind(spans, client)).toEqual(calls.map((call) => `orchestrator ${call}`));
  expect(listKind(spans, server)).toContain('notifier POST /notify');
  const own = spans.find(({ name }) => name === 'hand over to the mail server');
  expect(own).toMatchObject({
    attributes: { 'mail.template': 'order-completed' },
    events: [{ name: 'handed over' }],
  });
  const parentOf = (span: SentSpan | undefined) =>
    spans.find(({ spanId }) => spanId === span?.parentSpanId);
  const handler = parentOf(own);
  const request = parentOf(handler);
  const call = parentOf(request);
  expect(
    [handler, request, call, parentOf(call)].map((span) => [
      span?.resource['service.name'],
      span?.name,
    ]),
  ).toEqual([
    ['notifier', 'request handler'],
    ['notifier', 'POST /notify'],
    ['orchestrator', 'POST /notify'],
    ['orchestrator', 'notify'],
  ]);
});
