// Five hundred orders at once: each has its trace, and none lacks a span.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JaegerTrace } from '../src/jaeger/jaeger-trace.ts';
import { type RealJaeger, startJaeger } from '../src/jaeger/real-jaeger.ts';
import { type System, startSystem } from '../src/processes.ts';

const ORDERS = 500;
/** The request, the order, and for each of four steps: step, call, request and fence. */
const SPANS = 2 + 4 * 4;

const folder = mkdtempSync(join(tmpdir(), 'baton-crowd-jaeger-'));
let jaeger: RealJaeger;
let system: System;
beforeAll(async () => {
  jaeger = await startJaeger();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = jaeger.otlpUrl;
  system = await startSystem(folder);
});
afterAll(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  await system?.stop();
  await jaeger?.stop();
  rmSync(folder, { recursive: true });
});

it('drops nothing at five hundred orders', async () => {
  const baseUrl = `http://127.0.0.1:${system.apps.get('orchestrator')?.port}`;
  const client = createOrchestratorClient({ baseUrl });
  const placed = await Promise.all(
    Array.from({ length: ORDERS }, (_, index) =>
      client.placeOrder({
        customerId: `customer-${index}`,
        lines: [{ sku: 'mug', quantity: 1 }],
        payment: { method: 'card', token: 'tok_ok' },
      }),
    ),
  );
  const ids = placed.map((reply) => (reply.ok ? reply.body.orderId : reply.code));
  const readAll = () =>
    jaeger.client.findTraces({
      service: 'orchestrator',
      operation: 'order',
      tags: { 'baton.order.status': 'completed' },
      limit: ORDERS * 2,
    });
  await expect
    .poll(async () => (await readAll()).length, { timeout: 60_000, interval: 1_000 })
    .toBe(ORDERS);
  // What the participants have not sent yet follows at once.
  await expect
    .poll(async () => countSpans(await readAll()), { timeout: 10_000, interval: 1_000 })
    .toEqual({ [SPANS]: ORDERS });
  const traces = await readAll();
  expect(traces.every(({ roots }) => roots.length === 1 && roots[0]?.parentId === null)).toBe(true);
  const told = traces.map(({ roots }) => roots[0]?.tags['baton.order.id']);
  expect(told.toSorted()).toEqual(ids.toSorted());
  await client.close();
}, 120_000);

/** How many traces have so many spans; who waited for a place has a span for it besides. */
function countSpans(traces: readonly JaegerTrace[]): Record<string, number> {
  const sizes = traces.map(
    ({ spans }) => spans.filter(({ operation }) => operation !== 'queued').length,
  );
  const groups = [...Map.groupBy(sizes, (size) => size)];
  return Object.fromEntries(groups.map(([size, { length }]) => [size, length]));
}
