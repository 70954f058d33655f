// Five hundred orders at once: each has its trace, and none lacks a span.
import { createOrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JaegerTrace } from '../src/jaeger/jaeger-trace.ts';
import { countWork } from '../src/jaeger/story-trace.ts';
import { startTracedSystem, type TracedSystem } from '../src/jaeger/traced-system.ts';

const ORDERS = 500;
/** The request, the order, and for each of four steps: step, call, request and fence. */
const SPANS = 2 + 4 * 4;

let traced: TracedSystem;
beforeAll(async () => {
  traced = await startTracedSystem();
});
afterAll(() => traced?.stop());

it('drops nothing at five hundred orders', async () => {
  const client = createOrchestratorClient({ baseUrl: traced.url });
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
    traced.jaeger.client.findTraces({
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

/** How many traces have so many spans. */
function countSpans(traces: readonly JaegerTrace[]): Record<string, number> {
  const groups = [...Map.groupBy(traces.map(countWork), (size) => size)];
  return Object.fromEntries(groups.map(([size, { length }]) => [size, length]));
}
