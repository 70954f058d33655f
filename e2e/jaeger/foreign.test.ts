/** What others bring along, and what is long, as Jaeger shows it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '@baton/saga';
import { createOrchestratorClient } from '@baton/service-kit';
import { toReadableSpan } from '@baton/telemetry';
import { createTracing } from '@baton/telemetry/testing';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNotifier } from '../src/foreign-notifier.ts';
import type { JaegerSpan } from '../src/jaeger/jaeger-trace.ts';
import { type RealJaeger, startJaeger } from '../src/jaeger/real-jaeger.ts';
import { startSystem } from '../src/processes.ts';
import { tellOrder } from '../src/told-spans.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
} as const;

let jaeger: RealJaeger;
beforeAll(async () => {
  jaeger = await startJaeger();
});
afterAll(() => jaeger?.stop());

/** From the root on: a chain of names below one another. */
const hasChain = (spans: readonly JaegerSpan[], [first, ...rest]: readonly string[]): boolean =>
  first === undefined ||
  spans.some(
    ({ service, operation, children }) =>
      `${service} ${operation}` === first && hasChain(children, rest),
  );

it('shows the order of a participant without a line of ours whole, with its spans where they belong', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'baton-foreign-'));
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl };
  const notifier = await startNotifier(jaeger.otlpUrl);
  const env = { ...traced, NOTIFICATION_SERVICE_URL: notifier.url };
  const system = await startSystem(dataDir, env, traced);
  const baseUrl = `http://127.0.0.1:${system.apps.get('orchestrator')?.port}`;
  const client = createOrchestratorClient({ baseUrl });
  const reply = await client.placeOrder(order, { waitSeconds: 20 });
  await client.close();
  const orderId = reply.ok ? reply.body.orderId : reply.code;
  await system.end();
  notifier.stop();
  rmSync(dataDir, { recursive: true });
  const find = () =>
    jaeger.client.findTraces({ service: 'orchestrator', tags: { 'baton.order.id': orderId } });
  await expect
    .poll(async () => (await find())[0]?.spans.map(({ operation }) => operation))
    .toContain('hand over to the mail server');
  const traces = await find();
  expect(traces).toHaveLength(1);
  const [{ spans, roots } = { spans: [], roots: [] }] = traces;
  expect(roots.map(({ operation, parentId }) => [operation, parentId])).toEqual([['order', null]]);
  expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length);
  expect(
    hasChain(roots, [
      'orchestrator order',
      'orchestrator notify',
      'orchestrator POST /notify',
      'notifier POST /notify',
      'notifier request handler',
      'notifier hand over to the mail server',
    ]),
  ).toBe(true);
});

const isAttempt = ({ tags }: JaegerSpan): boolean => 'baton.call' in tags;

it('shows an order of more than 100 calls as two traces that lead to one another', async () => {
  const [orderId, traceId, begun] = ['ord_long', 'c'.repeat(32), Date.now() - 60_000];
  const context = { 'baton-traced-since': String(begun), 'baton-trace-id': traceId };
  const accepted = { type: 'accepted', saga: 'place-order', version: 2, structure: '', input: {} };
  const failed = { type: 'step-unknown', way: 'pay', code: 'connection-reset', retryAt: 0 };
  const events = [
    { ...accepted, context },
    ...Array.from({ length: 105 }, (_, index) => ({
      ...failed,
      attempt: index + 1,
      startedAt: begun + index * 10,
    })),
  ].map((happening, index) => ({ ...happening, seq: index + 1, at: begun + index * 10 }));
  // Written by hand: the types of events know more of each.
  const told = tellOrder(orderId, events as unknown as readonly Event[]);
  const exporter = new OTLPTraceExporter({ url: `${jaeger.otlpUrl}/v1/traces` });
  const tracing = createTracing({ service: 'orchestrator', exporter });
  await tracing.send(told.map((record) => toReadableSpan(record, tracing.resource)));
  await tracing.close();
  const first = await jaeger.client.readTrace(traceId);
  const onward = first?.spans.find(
    ({ operation }) => operation === 'order goes on in another trace',
  );
  const [next] = onward?.links ?? [];
  const second = await jaeger.client.readTrace(next?.traceId ?? '');
  expect(first?.spans.filter(isAttempt)).toHaveLength(100);
  expect(second?.spans.filter(isAttempt)).toHaveLength(5);
  expect(second?.roots.map(({ id, operation }) => [id, operation])).toEqual([
    [next?.spanId, 'order'],
  ]);
  expect(second?.roots[0]?.links).toEqual([{ traceId, spanId: first?.roots[0]?.id }]);
});
