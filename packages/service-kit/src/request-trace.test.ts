import { request } from 'node:http';
import { defineOperation } from '@baton/contracts';
import { createLog, createMetrics } from '@baton/telemetry';
import { createSpanRecorder } from '@baton/telemetry/testing';
import supertest from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { ServerEvent } from './answer.ts';
import type { ServiceAppOptions } from './app.ts';
import { mount } from './mount.ts';
import { createStandIn } from './testing/stand-in/inventory.ts';
import { listen } from './testing/surroundings.ts';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const firstKey = 'ord_1:reserve';
const firstBody = { orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 2 }] };

function open(change: Partial<Pick<ServiceAppOptions<never>, 'shed' | 'hosts'>> = {}) {
  const recorder = createSpanRecorder('inventory-service');
  const { tracing } = recorder;
  const metrics = createMetrics('inventory-service');
  const log = createLog('inventory-service', 'silent');
  const hanging = Promise.withResolvers<void>();
  const { app, store } = createStandIn(':memory:', 2_000, {
    ...change,
    tracing,
    extend: (router) => {
      mount(router, streams, { log, metrics, tracing })({
        watch: ({ signal }) => ({ events: untilGone(signal) }),
        hang: ({ signal }) => {
          hanging.resolve();
          return untilAborted(signal);
        },
      });
    },
  });
  onTestFinished(() => store.close());
  return { ...recorder, app, metrics, hanging: hanging.promise };
}

type Surroundings = ReturnType<typeof open>;

const shared = { service: 'inventory-service', method: 'GET', summary: '', problems: {} } as const;
const streams = {
  watch: defineOperation({
    ...shared,
    kind: 'stream',
    name: 'inventory.watch',
    path: '/watch/:what',
    params: z.strictObject({ what: z.string() }),
    replies: { 200: z.object({}) },
    examples: { reply: {} },
  }),
  hang: defineOperation({
    ...shared,
    kind: 'read',
    name: 'inventory.hang',
    path: '/hang',
    replies: { 200: z.object({}) },
    examples: { reply: {} },
  }),
};

const untilAborted = (signal: AbortSignal) =>
  new Promise<{ status: 200; body: Record<string, never> }>((resolve) =>
    signal.addEventListener('abort', () => resolve({ status: 200, body: {} })),
  );

async function* untilGone(signal: AbortSignal): AsyncGenerator<ServerEvent> {
  yield { event: 'said', data: {} };
  await untilAborted(signal);
}

const post = ({ app }: Surroundings, path: string, body: unknown, key = firstKey) =>
  supertest(app)
    .post(path)
    .set({ traceparent, 'idempotency-key': key, 'content-type': 'application/json' })
    .send(typeof body === 'string' ? body : JSON.stringify(body));

async function expectServer({ told }: Surroundings, name: string) {
  // The span ends when the connection is done with, which may be after the caller has read all.
  await expect.poll(() => told().map((span) => span.name)).toContain(name);
  return told().find((span) => span.name === name);
}

it('names the request by its route, and says which order, step and attempt it is of', async () => {
  const surroundings = open();
  await post(surroundings, '/reserve', firstBody).set('baton-attempt', '3');
  const server = await expectServer(surroundings, 'POST /reserve');
  expect(server?.parentSpanContext?.spanId).toBe('b'.repeat(16));
  expect(server?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/reserve',
    'http.response.status_code': 200,
    'url.path': '/reserve',
    'url.scheme': 'http',
    'server.address': expect.stringMatching(/127\.0\.0\.1$/),
    'server.port': expect.any(Number),
    'network.protocol.version': '1.1',
    'baton.order.id': 'ord_1',
    'baton.step': 'reserve',
    'baton.attempt': 3,
    'baton.fence': 'done',
  });
});

it('names what has parameters by its pattern, and leaves the query out', async () => {
  const surroundings = open();
  await supertest(surroundings.app)
    .get('/reservations/ord_77?token=tok_ok')
    .set({ traceparent, authorization: 'Bearer tok_ok', cookie: 'tok_ok' });
  const server = await expectServer(surroundings, 'GET /reservations/:id');
  expect(server?.attributes['url.path']).toBe('/reservations/ord_77');
  expect(JSON.stringify(server?.attributes)).not.toContain('tok_ok');
});

it.each(['', 'many', '1.5', '-1', '1e400'])('says nothing of the attempt %j', async (attempt) => {
  const surroundings = open();
  await post(surroundings, '/reserve', firstBody).set('baton-attempt', attempt);
  const server = await expectServer(surroundings, 'POST /reserve');
  expect(server?.attributes).not.toHaveProperty('baton.attempt');
});

it('says nothing of a key that is none of ours', async () => {
  const surroundings = open();
  await post(surroundings, '/reserve', firstBody, 'tok_ok');
  const server = await expectServer(surroundings, 'POST /reserve');
  expect(server?.attributes).not.toHaveProperty('baton.order.id');
  expect(JSON.stringify(server?.attributes)).not.toContain('tok_ok');
});

const requests: readonly (readonly [
  number,
  string,
  (surroundings: Surroundings) => PromiseLike<{ readonly status: number }>,
])[] = [
  [400, 'a body that breaks the contract', (it) => post(it, '/reserve', { orderId: 'ord_1' })],
  [400, 'no JSON', (it) => post(it, '/reserve', '{"orderId":')],
  [400, 'no usable key', (it) => post(it, '/reserve', firstBody, 'nonsense')],
  [409, 'a refusal', (it) => post(it, '/reserve', tooMuch)],
  [413, 'too long a body', (it) => post(it, '/reserve', `"${'x'.repeat(17_000)}"`)],
  [415, 'another type', (it) => post(it, '/reserve', 'x').set('content-type', 'text/plain')],
  [500, 'a bug', (it) => post(it, '/reserve', line('throws'))],
  [503, 'a passing trouble', (it) => post(it, '/reserve', line('busy'))],
];
const line = (sku: string) => ({ orderId: 'ord_1', lines: [{ sku, quantity: 1 }] });
const tooMuch = { orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 1_000 }] };

/** What OpenTelemetry requires of the span of a server, and requires where it applies. `url.query` may hold anything. */
const required = {
  'http.request.method': /^(GET|HEAD|POST)$/,
  'url.path': /^\//,
  'url.scheme': /^http$/,
  'http.route': /^\//,
  'http.response.status_code': /^\d{3}$/,
  'server.address': /^[\w.:-]+$/,
  'server.port': /^\d+$/,
};

const answered: typeof requests = [
  [200, 'an answer', (it) => post(it, '/reserve', firstBody)],
  ...requests,
];

it.each(answered)(
  'has all that the conventions require when it answers %d: %s',
  async (status, _what, ask) => {
    const surroundings = open();
    await ask(surroundings);
    const server = await expectServer(surroundings, 'POST /reserve');
    for (const [name, pattern] of Object.entries(required))
      expect(String(server?.attributes[name])).toMatch(pattern);
    expect(server?.attributes['error.type']).toBe(status >= 500 ? String(status) : undefined);
    expect(server?.instrumentationScope).toEqual({
      name: 'baton',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      schemaUrl: expect.stringMatching(/^https:\/\/opentelemetry.io\/schemas\/1\.\d+\.0$/),
    });
  },
);

it.each([
  ['shop.example.com', 'shop.example.com', 80],
  ['shop.example.com:8080', 'shop.example.com', 8080],
  ['[::1]:4001', '::1', 4001],
])('names the server as the client did: %s', async (host, address, port) => {
  const surroundings = open({ hosts: ['shop.example.com'] });
  await post(surroundings, '/reserve', firstBody).set('host', host);
  const server = await expectServer(surroundings, 'POST /reserve');
  expect(server?.attributes).toMatchObject({ 'server.address': address, 'server.port': port });
});

it('names a HEAD request by its own method', async () => {
  const surroundings = open();
  await supertest(surroundings.app).head('/stock').set({ traceparent });
  const server = await expectServer(surroundings, 'HEAD /stock');
  expect(server?.attributes['http.request.method']).toBe('HEAD');
});

it.each(requests)('has a span of the answer %d: %s', async (status, _what, ask) => {
  const surroundings = open();
  expect((await ask(surroundings)).status).toBe(status);
  const server = await expectServer(surroundings, 'POST /reserve');
  expect(server?.attributes['http.response.status_code']).toBe(status);
  expect(server?.attributes['error.type']).toBe(status >= 500 ? String(status) : undefined);
  expect(JSON.stringify(server?.status)).not.toContain('secret');
});

it('has a span of what is shed under load', async () => {
  const surroundings = open({ shed: () => ({ problem: 'unavailable' }) });
  expect((await post(surroundings, '/reserve', firstBody)).status).toBe(503);
  const server = await expectServer(surroundings, 'POST /reserve');
  expect(server?.attributes['http.response.status_code']).toBe(503);
});

async function expectNone(surroundings: Surroundings) {
  // What was traced afterwards has ended, so that what came before it would have too.
  await supertest(surroundings.app).get('/stock').set({ traceparent });
  await expectServer(surroundings, 'GET /stock');
  expect(surroundings.told().map(({ name }) => name)).toEqual(['GET /stock']);
}

it.each(['/health/live', '/health/ready', '/metrics', '/openapi.json', '/no-such-page'])(
  'never traces %s',
  async (path) => {
    const surroundings = open();
    await supertest(surroundings.app).get(path).set({ traceparent });
    await expectNone(surroundings);
  },
);

it.each([
  ['without a caller that is traced', {}],
  ['of a caller that is not sampled', { traceparent: traceparent.replace(/1$/, '0') }],
])('has no span %s', async (_what, headers) => {
  const surroundings = open();
  const { status } = await supertest(surroundings.app)
    .post('/reserve')
    .set({ 'idempotency-key': firstKey, ...headers })
    .send(firstBody);
  expect(status).toBe(200);
  await expectNone(surroundings);
});

/** Asks, and goes away once an answer has begun, or the question has `arrived`. */
async function askAndLeave(url: string, arrived?: Promise<void>) {
  const asked = request(url, { headers: { traceparent } });
  const answered = new Promise<void>((resolve) => asked.once('response', () => resolve()));
  asked.on('error', () => {}).end();
  await (arrived ?? answered);
  asked.destroy();
}

async function readCounts({ metrics }: Surroundings): Promise<readonly (string | undefined)[]> {
  const page = await metrics.registry.metrics();
  const counts = page.matchAll(
    /^http_server_request_duration_seconds_count\{service="inventory-service",(.*)\} 1$/gm,
  );
  return [...counts].map(([, labels]) => labels);
}

it('ends the span of a stream when its reader leaves, as nothing that went wrong', async () => {
  const surroundings = open();
  const { url, close } = await listen(surroundings.app);
  await askAndLeave(`${url}/watch/all`);
  const server = await expectServer(surroundings, 'GET /watch/:what');
  expect(server?.attributes['http.response.status_code']).toBe(200);
  expect(server?.attributes).not.toHaveProperty('error.type');
  expect(await readCounts(surroundings)).toEqual([
    'http_route="/watch/:what",http_request_method="GET",http_response_status_code="200",url_scheme="http",error_type=""',
  ]);
  await close();
});

it('says that no answer reached a caller that left early', async () => {
  const surroundings = open();
  const { url, close } = await listen(surroundings.app);
  await askAndLeave(`${url}/hang`, surroundings.hanging);
  const span = await expectServer(surroundings, 'GET /hang');
  expect(span?.attributes['error.type']).toBe('no-answer');
  expect(span?.attributes).not.toHaveProperty('http.response.status_code');
  expect(await readCounts(surroundings)).toEqual([
    'http_route="/hang",http_request_method="GET",http_response_status_code="",url_scheme="http",error_type="no-answer"',
  ]);
  await close();
});
