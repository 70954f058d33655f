/** Whoever is still on Jaeger's retired client: a caller whose trace an order joins, and a participant that reads it. */

import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants, OrderView } from '@baton/contracts';
import { createTracing } from '@baton/telemetry/testing';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import jaeger from 'jaeger-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FiveApps, startFiveApps } from './five-apps.ts';
import { orderPlan } from './order-plan.ts';
import { type System, startSystem } from './processes.ts';
import { growTree, parentOf, toLines } from './span-tree.ts';

const { FORMAT_HTTP_HEADERS } = jaeger.opentracing;
const reporter = new jaeger.InMemoryReporter();
const tracer = jaeger.initTracer(
  { serviceName: 'legacy-caller', sampler: { type: 'const', param: 1 } },
  { reporter, traceId128bit: true },
);
const folder = mkdtempSync(join(tmpdir(), 'baton-legacy-'));
afterAll(async () => {
  await new Promise<void>((resolve) => tracer.close(resolve));
  rmSync(folder, { recursive: true });
});

const body = JSON.stringify({
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
});

/** As a caller on that client does it: its span's context goes into the headers, and nothing of W3C does. */
async function place(url: string, items: Readonly<Record<string, string>>) {
  const span = tracer.startSpan('checkout');
  for (const [key, value] of Object.entries(items)) span.setBaggageItem(key, value);
  const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
  tracer.inject(span.context(), FORMAT_HTTP_HEADERS, headers);
  const answer = await fetch(`${url}/orders`, { method: 'POST', headers, body });
  span.finish();
  return { order: OrderView.parse(await answer.json()), context: span.context() };
}

describe('an order placed by a caller on jaeger-client', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem(folder);
  });
  afterAll(() => system.stop());

  it('is hit by the fault that its baggage names', async () => {
    const url = `http://127.0.0.1:${system.apps.get('orchestrator')?.port}`;
    const fault = 'payment.process:status:status=503:times=1';
    const { order } = await place(url, { 'baton.fault': fault });
    const notes = order.steps.find(({ name }) => name === 'pay')?.attempts.map(({ note }) => note);
    expect(notes).toEqual(['injected payment.process:status', undefined]);
    expect(order.status).toBe('completed');
  });
});

describe('a participant on jaeger-client', () => {
  let apps: FiveApps;
  const exporter = new InMemorySpanExporter();
  const received: IncomingHttpHeaders[] = [];
  beforeAll(async () => {
    apps = await startFiveApps(join(folder, 'five'), {
      openTracing: (service) => createTracing({ service, exporter, isImmediate: true }),
    });
    for (const { name } of listedParticipants)
      apps
        .serverOf(name)
        .on('request', ({ method, headers }) => method === 'POST' && received.push(headers));
  });
  afterAll(() => apps.close());

  it("reads the caller's trace and baggage from what it is sent", async () => {
    const { context } = await place(apps.url, { user_name: 'Zoë, née Å', tenant: 'a' });
    expect(received).toHaveLength(orderPlan.length);
    for (const headers of received) {
      const read = tracer.extract(FORMAT_HTTP_HEADERS, headers);
      expect(read?.toTraceId().padStart(32, '0')).toBe(context.toTraceId().padStart(32, '0'));
      expect(read?.isSampled()).toBe(true);
      expect(read?.baggage).toEqual({ 'user-name': 'Zoë, née Å', tenant: 'a' });
    }
  });

  it("finds its request and the order below its own span, in the caller's trace", async () => {
    const { context } = await place(apps.url, {});
    const traceId = context.toTraceId().padStart(32, '0');
    const readTree = () =>
      growTree(
        exporter
          .getFinishedSpans()
          // Where the machine is busy, so is the orchestrator.
          .filter((span) => span.spanContext().traceId === traceId && span.name !== 'queued'),
      );
    await expect.poll(() => toLines(readTree())).toHaveLength(3 + 3 * orderPlan.length);
    const { roots, faults } = readTree();
    const parent = context.toSpanId().padStart(16, '0');
    const below = roots.map(({ span }) => `${span.name} below ${parentOf(span)}`);
    expect(below.toSorted()).toEqual([`POST /orders below ${parent}`, `order below ${parent}`]);
    expect(faults).toEqual([]);
  });
});
