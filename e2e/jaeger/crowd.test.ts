/** Five hundred orders at once: each has its trace, and none lacks a span. */
import { createOrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRuns } from '../src/books.ts';
import type { JaegerTrace } from '../src/jaeger/jaeger-trace.ts';
import { findLost, findTraceFaults } from '../src/jaeger/story-trace.ts';
import { startTracedSystem, type TracedSystem } from '../src/jaeger/traced-system.ts';
import { tellOrder } from '../src/told-spans.ts';

const orders = 500;

let traced: TracedSystem;
beforeAll(async () => {
  traced = await startTracedSystem();
});
afterAll(() => traced?.stop());

it('drops nothing at five hundred orders', async () => {
  const client = createOrchestratorClient({ baseUrl: traced.url });
  const placed = await Promise.all(
    Array.from({ length: orders }, (_, index) =>
      client.placeOrder({
        customerId: `customer-${index}`,
        lines: [{ sku: 'mug', quantity: 1 }],
        payment: { method: 'card', token: 'tok_ok' },
      }),
    ),
  );
  const ids = placed.map((reply) => (reply.ok ? reply.body.orderId : reply.code));
  const readAll = () =>
    traced.jaeger.client.findTraces({
      service: 'orchestrator',
      operation: 'order completed',
      tags: { 'baton.order.status': 'completed' },
      limit: orders * 2,
    });
  await expect
    .poll(async () => (await readAll()).length, { timeout: 60_000, interval: 1_000 })
    .toBe(orders);
  // What the participants have not sent yet follows at once.
  await expect
    .poll(async () => findMissing(await readAll()), { timeout: 60_000, interval: 1_000 })
    .toEqual([]);
  const traces = await readAll();
  expect(traces.every(({ roots }) => roots.length === 1 && roots[0]?.parentId === null)).toBe(true);
  const told = traces.map(({ roots }) => roots[0]?.tags['baton.order.id']);
  expect(told.toSorted()).toEqual(ids.toSorted());
  await client.close();
});

/** By the journal: on a busy machine an order may stand in line, or ask twice. */
function findMissing(traces: readonly JaegerTrace[]): unknown[] {
  const byId = new Map(traces.map((trace) => [trace.id, trace]));
  return [...readRuns(traced.dataDir)].flatMap(([order, events]) => {
    const told = tellOrder(order, events);
    const trace = byId.get(told[0]?.traceId ?? '') ?? null;
    const faults = [...findTraceFaults(trace, told), ...findLost(trace, told)];
    return faults.length > 0 ? [{ order, faults }] : [];
  });
}
