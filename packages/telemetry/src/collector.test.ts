import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openTracing } from './collector.ts';
import { createLog } from './log.ts';
import { startRequestSpan } from './request-span.ts';
import { type SpanRecord, toReadableSpan } from './span-record.ts';

const record: SpanRecord = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentSpanId: null,
  name: 'POST /orders',
  kind: 'server',
  startUs: 1_767_225_600_000_000,
  endUs: 1_767_225_600_000_001,
  attributes: { 'baton.order.id': 'ord_1', 'baton.saga.version': 2 },
  error: null,
};

/** A collector that answers as it is told, on a free port. */
const listen = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
};

const open = (endpoint: string | undefined) => {
  const lines: string[] = [];
  const log = createLog('orchestrator', 'info', { write: (line) => void lines.push(line) });
  const tracing = openTracing({ service: 'orchestrator', endpoint, ratio: 1, log });
  const send = async () => tracing?.send([toReadableSpan(record, tracing.resource)]);
  return { tracing, send, said: () => lines.map((line) => JSON.parse(line).msg) };
};

it('traces nothing without an endpoint', () => {
  expect(open(undefined).tracing).toBeUndefined();
});

it.each(['', '/', '//'])(
  'sends OTLP below an endpoint that ends with %j, the same bytes each time',
  async (end) => {
    const bodies: string[] = [];
    const urls = new Set<string | undefined>();
    const endpoint = await listen(async (request, response) => {
      urls.add(request.url);
      bodies.push((await request.toArray()).join(''));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    expect([await open(`${endpoint}${end}`).send(), await open(endpoint).send()]).toEqual([
      true,
      true,
    ]);
    expect([...urls]).toEqual(['/v1/traces']);
    expect(bodies[0]).toContain('"spanId":"bbbbbbbbbbbbbbbb"');
    expect(bodies[1]).toBe(bodies[0]);
  },
);

it('says once that the collector has gone, and once that it is back', async () => {
  let status = 400;
  const endpoint = await listen((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  const { send, said } = open(endpoint);
  const arrived = [await send(), await send()];
  status = 200;
  arrived.push(await send(), await send());
  status = 400;
  arrived.push(await send());
  expect(arrived).toEqual([false, false, true, true, false]);
  expect(said()).toEqual([
    'the trace collector does not take spans',
    'the trace collector takes spans again',
    'the trace collector does not take spans',
  ]);
});

const traced = { name: 'x', headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } };

it('ends within its time although the collector never answers', async () => {
  const asked = Promise.withResolvers<void>();
  const { tracing } = open(await listen(() => asked.resolve()));
  startRequestSpan(tracing, { ...traced, attributes: {} })?.end(200);
  const startedAt = performance.now();
  await tracing?.close();
  // Half a second; what is above is for a busy machine. The exporter alone takes five.
  expect(performance.now() - startedAt).toBeLessThan(2_500);
  await asked.promise;
});

it('ends without an error although nobody listens there', async () => {
  const { tracing } = open('http://127.0.0.1:1');
  startRequestSpan(tracing, { ...traced, attributes: {} })?.end(200);
  await expect(tracing?.close()).resolves.toBeUndefined();
});
