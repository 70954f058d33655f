import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { diag, trace } from '@opentelemetry/api';
import protobuf from 'protobufjs';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { openCollector } from './collector.ts';
import { createLog } from './log.ts';
import { createOtelEnv } from './otel-env.ts';
import { startRequestSpan } from './request-span.ts';
import { type SpanRecord, toReadableSpan } from './span-record.ts';
import { readTraceSettings } from './trace-settings.ts';

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
async function listen(answer: RequestListener): Promise<string> {
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
}

async function open(endpoint: string, source: Readonly<Record<string, string>> = {}) {
  const lines: string[] = [];
  const log = createLog('orchestrator', 'info', { write: (line) => void lines.push(line) });
  const env = createOtelEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...source });
  const settings = readTraceSettings(env);
  const tracing = await openCollector({ service: 'orchestrator', settings, attributes: {}, log });
  const send = () => tracing.send([toReadableSpan(record, tracing.resource)]);
  const said = () =>
    lines.map((line) => {
      const { msg, why } = JSON.parse(line);
      return why === undefined ? msg : `${msg}: ${why}`;
    });
  return { tracing, send, said, lines };
}

/** A process has one of each: every test stands for a process of its own. */
afterEach(() => {
  trace.disable();
  diag.disable();
});

const protocols = ['http/protobuf', 'http/json'] as const;

it.each(protocols)('sends a span that is told twice as the same bytes, in %s', async (protocol) => {
  const bodies: Buffer[] = [];
  const endpoint = await listen(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()));
    response.end();
  });
  const source = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
  const sent = [
    await (await open(endpoint, source)).send(),
    await (await open(endpoint, source)).send(),
  ];
  expect(sent).toEqual(['arrived', 'arrived']);
  expect(bodies[0]?.length).toBeGreaterThan(0);
  expect(bodies[1]).toEqual(bodies[0]);
});

/** Answers each request with the status that stands there then. */
const listenWith = async (answer: { status: number; body?: string | Buffer }): Promise<string> =>
  listen((request, response) => {
    request.resume();
    const headers = { 'content-type': 'application/json' };
    response.writeHead(answer.status, headers).end(answer.body ?? '{}');
  });

it('says once that the collector has gone, and once that it is back', async () => {
  const answer = { status: 404 };
  const { send, said } = await open(await listenWith(answer));
  const arrived = [await send(), await send()];
  answer.status = 200;
  arrived.push(await send(), await send());
  answer.status = 500;
  arrived.push(await send());
  expect(arrived).toEqual(['away', 'away', 'arrived', 'arrived', 'away']);
  expect(said()).toEqual([
    'the trace collector does not take spans: status 404',
    'the trace collector takes spans again',
    'the trace collector does not take spans: status 500',
  ]);
});

it.each([
  [400, 'refused'],
  [413, 'refused'],
  [422, 'refused'],
  [401, 'away'],
  [403, 'away'],
  [404, 'away'],
  [405, 'away'],
  [408, 'away'],
  [301, 'away'],
  [500, 'away'],
])('takes status %i for spans that are %s', async (status, delivery) => {
  const { send } = await open(await listenWith({ status }));
  expect(await send()).toBe(delivery);
});

it('says once in a while that spans are refused, and not that the collector has gone', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(5_000);
  onTestFinished(() => now.mockRestore());
  const answer = { status: 413 };
  const { send, said } = await open(await listenWith(answer));
  for (const status of [413, 200, 400, 200, 400]) {
    answer.status = status;
    await send();
  }
  const first = ['the trace collector refuses spans: status 413'];
  expect(said()).toEqual(first);
  now.mockReturnValue(605_000);
  await send();
  expect(said()).toEqual([...first, 'the trace collector refuses spans: status 400']);
});

it('does not say that a collector is back that refuses', async () => {
  const answer = { status: 404 };
  const { send, said } = await open(await listenWith(answer));
  for (const status of [404, 400, 404, 200]) {
    answer.status = status;
    await send();
  }
  expect(said()).toEqual([
    'the trace collector does not take spans: status 404',
    'the trace collector refuses spans: status 400',
    'the trace collector takes spans again',
  ]);
});

/** Of 1,000 characters. */
const errorMessage = 'no'.repeat(500);
const Partial = protobuf
  .parse(
    `syntax = "proto3";
     message Answer { Partial partial_success = 1; }
     message Partial { int64 rejected_spans = 1; string error_message = 2; }`,
  )
  .root.lookupType('Answer');
const partialSuccess = { rejectedSpans: 5, errorMessage };
const partly = {
  'http/protobuf': Buffer.from(Partial.encode({ partialSuccess }).finish()),
  'http/json': JSON.stringify({ partialSuccess: { rejectedSpans: '5', errorMessage } }),
};

it.each(protocols)(
  'says once that a part of a batch was refused, and not at length, in %s',
  async (protocol) => {
    const { send, said, lines } = await open(
      await listenWith({ status: 200, body: partly[protocol] }),
      { OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    );
    expect([await send(), await send()]).toEqual(['arrived', 'arrived']);
    expect(said()).toEqual(['the trace collector refuses some spans of a batch']);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ spans: 5, message: 'no'.repeat(100) });
  },
);

const harmless = [
  '{"partialSuccess":{}}',
  '{"partialSuccess":{"errorMessage":"slow"}}',
  'no JSON',
  '[]',
];
it.each(harmless.flatMap((body) => protocols.map((protocol) => [body, protocol] as const)))(
  'says nothing of a collector that answers %s in %s',
  async (body, protocol) => {
    const source = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
    const { send, said } = await open(await listenWith({ status: 200, body }), source);
    expect(await send()).toBe('arrived');
    expect(said()).toEqual([]);
  },
);

it("leaves the program's own logger of OpenTelemetry's troubles in its place", async () => {
  const heard: string[] = [];
  const hear = (what: string): void => void heard.push(what);
  diag.setLogger({ error: hear, warn: hear, info: hear, debug: hear, verbose: hear });
  await open('http://127.0.0.1:1');
  diag.error('an exporter of its own failed');
  expect(heard).toContain('an exporter of its own failed');
});

it('waits no longer than ten seconds for an answer that comes a byte at a time', async () => {
  const asked = Promise.withResolvers<ServerResponse>();
  const endpoint = await listen((request, response) => {
    request.resume();
    response.writeHead(200).write(' ');
    asked.resolve(response);
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { tracing, send, said } = await open(endpoint);
  const delivery = send();
  const response = await asked.promise;
  vi.advanceTimersByTime(9_999);
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(await delivery).toBe('away');
  // What it says afterwards is not heard.
  response.end('{}');
  await tracing.close();
  expect(said()).toEqual(['the trace collector does not take spans: no answer in time']);
});

const traced = { name: 'x', headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } };

/** An hour, so that a test which waits for the exporter itself hangs. */
const exporterWaitsLong = { OTEL_EXPORTER_OTLP_TIMEOUT: '3600000' };

it('ends within its time although the collector never answers', async () => {
  const asked = Promise.withResolvers<void>();
  const { tracing } = await open(await listen(() => asked.resolve()), exporterWaitsLong);
  startRequestSpan(tracing, { ...traced, attributes: {} })?.end(200);
  await tracing.close();
  await asked.promise;
});

it('ends without an error although the collector refuses the last spans', async () => {
  const { tracing, said } = await open(await listenWith({ status: 401 }));
  startRequestSpan(tracing, { ...traced, attributes: {} })?.end(200);
  await expect(tracing.close()).resolves.toBeUndefined();
  await expect.poll(said).toEqual(['the trace collector does not take spans: status 401']);
});

it('ends without an error although nobody listens there', async () => {
  const { tracing } = await open('http://127.0.0.1:1');
  startRequestSpan(tracing, { ...traced, attributes: {} })?.end(200);
  await expect(tracing.close()).resolves.toBeUndefined();
});
