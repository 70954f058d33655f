/** Orders that wait for their turn are told in their own name, not in that of the request that happened to free it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTracing } from '@baton/telemetry/testing';
import { SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type FiveApps, type LogLine, startFiveApps, stop } from './five-apps.ts';
import { findLacking } from './http-conventions.ts';

const Answer = z.looseObject({ orderId: z.string() });
const exporter = new InMemorySpanExporter();
let folder: string;
let apps: FiveApps;
let lines: LogLine[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-context-'));
  lines = [];
  exporter.reset();
  apps = await startFiveApps(folder, {
    concurrencyMax: 1,
    callsMax: 1,
    onLog: (line) => lines.push(line),
    openTracing: (service) => createTracing({ service, exporter, isImmediate: true }),
  });
});
afterEach(async () => {
  await apps.close();
  expect(apps.errors).toEqual([]);
  rmSync(folder, { recursive: true });
});

type Caller = 'sampled' | 'unsampled' | 'none';
interface Placed {
  readonly orderId: string;
  readonly caller: Caller;
  /** Of its caller. */
  readonly traceId: string;
}

async function place(index: number, caller: Caller, seconds = 20): Promise<Placed> {
  const traceId = String(index + 1).padStart(32, '0');
  const flag = caller === 'sampled' ? '01' : '00';
  const traceparent = `00-${traceId}-${'b'.repeat(16)}-${flag}`;
  const token = index % 2 === 0 ? 'tok_declined' : 'tok_ok';
  const answer = await fetch(`${apps.url}/orders`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      prefer: `wait=${seconds}`,
      ...(caller !== 'none' && { traceparent }),
    },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token },
    }),
  });
  const { orderId } = Answer.parse(await answer.json());
  return { orderId, caller, traceId };
}

it('tells each of many orders at once under its own trace, or under none', async () => {
  const callers: readonly Caller[] = ['sampled', 'unsampled', 'none', 'sampled'];
  const placed = await Promise.all(
    Array.from({ length: 32 }, (_, index) => place(index, callers[index % 4] ?? 'none')),
  );
  const told = placed.map((order) => {
    const own = lines.filter(({ orderId }) => orderId === order.orderId);
    return { ...order, ids: [...new Set(own.map((line) => line.trace_id))] };
  });
  // One without a caller has a trace of its own, whichever it is.
  const own = told.filter(({ caller }) => caller === 'none').map(({ ids }) => ids[0]);
  for (const { caller, traceId, ids } of told) {
    if (caller === 'sampled') expect(ids).toEqual([traceId]);
    if (caller === 'unsampled') expect(ids).toEqual([undefined]);
    if (caller === 'none') expect(ids).toHaveLength(1);
  }
  const all = [...own, ...placed.map(({ traceId }) => traceId)];
  expect(own).not.toContain(undefined);
  expect(new Set(all).size).toBe(all.length);
});

it('tells the cancellation of an order under no trace, though whoever asks for it has one', async () => {
  // They stay open until then.
  await stop(apps.serverOf('inventory-service'));
  const placed = Promise.all(Array.from({ length: 8 }, (_, index) => place(index, 'unsampled')));
  await expect.poll(async () => (await apps.orchestrator.engine.counts()).open).toBe(8);
  const open = await apps.orchestrator.engine.list({ limit: 8 });
  const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
  for (const { id } of open)
    await fetch(`${apps.url}/orders/${id}/cancel`, { method: 'POST', headers: { traceparent } });
  await placed;
  const cancelled = lines.filter(({ msg }) => msg === 'cancel requested');
  expect(cancelled).toHaveLength(8);
  expect(lines.filter(({ orderId, trace_id }) => orderId && trace_id)).toEqual([]);
});

it.each<[number, number, Caller]>([
  [200, 20, 'none'],
  [202, 0, 'none'],
  [200, 20, 'sampled'],
  [202, 0, 'sampled'],
])('says that a request was answered with %d, after %d s, to a caller: %s', async (...asked) => {
  const [status, seconds, caller] = asked;
  const { orderId } = await place(1, caller, seconds);
  const find = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name);
  await expect.poll(() => find('order completed')).toBeDefined();
  const [request, order] = [find('POST /orders'), find('order')];
  expect(request?.attributes).toMatchObject({
    'baton.order.id': orderId,
    'http.response.status_code': status,
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(apps.url).port),
    'network.protocol.version': '1.1',
  });
  expect(request?.parentSpanContext?.spanId).toBe(
    caller === 'none' ? order?.spanContext().spanId : 'b'.repeat(16),
  );
  expect(order?.parentSpanContext?.spanId).toBe(caller === 'none' ? undefined : 'b'.repeat(16));
  const spans = exporter.getFinishedSpans();
  expect(spans.filter(({ kind }) => kind !== SpanKind.INTERNAL).length).toBeGreaterThan(8);
  expect(spans.flatMap(findLacking)).toEqual([]);
});

it('opens the spans of each of many orders at once in its own trace, and none where it is not sampled', async () => {
  const callers: readonly Caller[] = ['sampled', 'unsampled'];
  const placed = await Promise.all(
    Array.from({ length: 24 }, (_, index) => place(index, callers[index % 2] ?? 'none')),
  );
  const readSpans = ({ orderId }: Placed) =>
    exporter.getFinishedSpans().filter((span) => span.attributes['baton.order.id'] === orderId);
  const sampled = placed.filter(({ caller }) => caller === 'sampled');
  await expect
    .poll(() =>
      sampled.every((order) => readSpans(order).some(({ name }) => /^order comp/.test(name))),
    )
    .toBe(true);
  for (const order of placed) {
    const traces = new Set(readSpans(order).map((span) => span.spanContext().traceId));
    expect([...traces]).toEqual(order.caller === 'sampled' ? [order.traceId] : []);
  }
  const known = new Set(sampled.map(({ traceId }) => traceId));
  const strange = exporter
    .getFinishedSpans()
    .filter((span) => !known.has(span.spanContext().traceId));
  expect(strange.map(({ name }) => name)).toEqual([]);
});
