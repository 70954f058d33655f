/** A caller on Jaeger's retired client: its own spans, which it sends by itself, meet ours. */
import jaegerClient from 'jaeger-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRuns } from '../src/books.ts';
import { findLost, findTraceFaults } from '../src/jaeger/story-trace.ts';
import { startTracedSystem, type TracedSystem } from '../src/jaeger/traced-system.ts';
import { tellOrder } from '../src/told-spans.ts';

const { FORMAT_HTTP_HEADERS } = jaegerClient.opentracing;
let traced: TracedSystem;
beforeAll(async () => {
  traced = await startTracedSystem();
});
afterAll(() => traced?.stop());

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
};

/** 128 bits are what the client sends when it is asked to; by itself it makes traces of 64. */
it.each([true, false])(
  'is the root of one whole trace, with the order below it (128-bit ids: %s)',
  async (traceId128bit) => {
    const tracer = jaegerClient.initTracer(
      {
        serviceName: 'legacy-caller',
        sampler: { type: 'const', param: 1 },
        reporter: { collectorEndpoint: traced.jaeger.thriftUrl },
      },
      { traceId128bit },
    );
    const span = tracer.startSpan('checkout');
    span.setBaggageItem('baton.fault', 'payment.process:lost-reply:times=1');
    const headers = { 'content-type': 'application/json', prefer: 'wait=20' };
    tracer.inject(span.context(), FORMAT_HTTP_HEADERS, headers);
    const url = `${traced.url}/orders`;
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(order) });
    expect(answer.status).toBe(200);
    span.finish();
    await new Promise<void>((resolve) => tracer.close(resolve));

    const traceId = span.context().toTraceId().padStart(32, '0');
    const read = () => traced.jaeger.client.readTrace(traceId);
    const { orderId } = (await answer.json()) as { orderId: string };
    const told = tellOrder(orderId, readRuns(traced.dataDir).get(orderId) ?? []);
    const findFaults = async () => {
      const trace = await read();
      return [...findTraceFaults(trace, told), ...findLost(trace, told)];
    };
    await expect.poll(findFaults).toEqual([]);
    expect((await read())?.spans.map(({ service }) => service)).toContain('legacy-caller');
    const [root, ...others] = (await read())?.roots ?? [];
    expect([root?.service, root?.operation, others]).toEqual(['legacy-caller', 'checkout', []]);
    expect(root?.children.map(({ operation }) => operation).toSorted()).toEqual([
      'POST /orders',
      'order',
    ]);
    const faults = (await read())?.spans.flatMap(({ tags }) => tags['baton.fault'] ?? []);
    expect(new Set(faults)).toEqual(new Set(['payment.process:lost-reply']));
  },
);
