import { createSpanRecorder } from '@baton/telemetry/testing';
import { expect, it } from 'vitest';
import { toRunContext, toSpanId } from '../run/run-trace.ts';
import { traceRequest } from './request-span.ts';

/** As OpenTelemetry numbers kinds and statuses. */
const [server, unset, failed] = [1, 0, 2];
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const orderId = toSpanId('ord_1', 'order');

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly isSampled?: boolean;
}

/** The span of a request. */
async function ask(
  answer: () => Promise<{ status: number }>,
  { headers = {}, signal = new AbortController().signal, isSampled = true }: Asked = {},
) {
  const { tracing, told } = createSpanRecorder('orchestrator');
  const context = toRunContext({ headers, receivedAt: 7 }, { isSampled: () => isSampled });
  const asked = { headers, httpVersion: '1.1', receivedAt: 7, signal };
  const placing = { id: 'ord_1', route: '/orders', context, ...asked };
  const answered = await traceRequest(tracing, placing, answer).catch((error: unknown) => error);
  const [span, ...others] = told();
  expect(others).toEqual([]);
  return { answered, span };
}

it("says what the request was and which status it was answered, below the order's span", async () => {
  const headers = { host: 'shop.example:8080' };
  const { answered, span } = await ask(async () => ({ status: 202 }), { headers });
  expect(answered).toEqual({ status: 202 });
  expect(span).toMatchObject({
    name: 'POST /orders',
    kind: server,
    startTime: [0, 7_000_000],
    status: { code: unset },
  });
  expect(span?.parentSpanContext?.spanId).toBe(orderId);
  expect(span?.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/orders',
    'http.response.status_code': 202,
    'url.path': '/orders',
    'url.scheme': 'http',
    'server.address': 'shop.example',
    'server.port': 8080,
    'network.protocol.version': '1.1',
    'baton.order.id': 'ord_1',
  });
});

it('knows the usual port', async () => {
  const { span } = await ask(async () => ({ status: 200 }), { headers: { host: 'shop.example' } });
  expect(span?.attributes['server.port']).toBe(80);
});

it("leaves the span of a traced caller's request to whoever opened it", async () => {
  const { span } = await ask(async () => ({ status: 200 }), { headers: { traceparent } });
  expect(span).toBeUndefined();
});

it('is an error without a status where the caller left before the answer', async () => {
  const { span } = await ask(async () => ({ status: 202 }), { signal: AbortSignal.abort() });
  expect(span?.status.code).toBe(failed);
  expect(span?.attributes['error.type']).toBe('no-answer');
  expect(span?.attributes['http.response.status_code']).toBeUndefined();
});

it('is an error of 500 where the answer failed, which goes on to whoever asked', async () => {
  const error = new Error('the journal cannot be read');
  const { answered, span } = await ask(() => Promise.reject(error));
  expect(answered).toBe(error);
  expect(span?.status.code).toBe(failed);
  expect(span?.attributes).toMatchObject({
    'http.response.status_code': 500,
    'error.type': '500',
  });
});

it('is not told of an order that is not traced', async () => {
  const { answered, span } = await ask(async () => ({ status: 202 }), { isSampled: false });
  expect([answered, span]).toEqual([{ status: 202 }, undefined]);
});
