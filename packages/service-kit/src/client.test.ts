import { inventoryOperations } from '@baton/contracts/inventory-service';
import { paymentOperations } from '@baton/contracts/payment-service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, createClient } from './client.ts';
import {
  answering,
  type Behaviour,
  createMisbehaving,
  type Misbehaving,
} from './testing/stand-in/server.ts';

const firstBody = { orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 2 }] };
const ok = { orderId: 'ord_1', reservationId: 'res_1' };
const jsonType = 'application/json';
const problemBody = 'application/problem+json';

/** Valid in all but one byte, which a lenient reader would replace. */
const notUtf8 = Buffer.from(JSON.stringify({ ...ok, reservationId: '\u00ff' }), 'latin1');

let server: Misbehaving;
let client: Client<typeof inventoryOperations>;
beforeEach(async () => {
  server = await createMisbehaving();
  client = createClient(inventoryOperations, { baseUrl: server.url });
});
afterEach(async () => {
  await client.close();
  await server.close();
});

const attempt = (deadlineMs = 5_000) => ({
  key: 'ord_1:reserve',
  number: 3,
  signal: AbortSignal.timeout(deadlineMs),
});
/** Without what is only kept for whoever looks closer. */
const reserve = async (deadlineMs?: number) => ({
  ...(await client.reserve(firstBody, attempt(deadlineMs))),
  details: undefined,
});

const problem = (status: number, code: string, more: object = {}) => ({
  type: 'about:blank',
  title: 'Told',
  status,
  code,
  orderId: 'ord_1',
  ...more,
});
const problemAnswer = (status: number, code: string, more: object = {}) =>
  answering(status, problemBody, problem(status, code, more));

describe('an answer that is believed', () => {
  it('is ok when it fits the contract and names our order; unknown fields are dropped', async () => {
    server.behave(answering(200, 'application/json; charset=utf-8', { ...ok, more: 1 }));
    expect(await reserve()).toEqual({ reply: 'ok', output: ok });
    const [request] = server.requests;
    expect(request?.method).toBe('POST');
    expect(request?.url).toBe('/reserve');
    expect(request?.headers).toMatchObject({
      'idempotency-key': 'ord_1:reserve',
      'baton-attempt': '3',
      'content-type': 'application/json',
    });
  });

  it.each(['out-of-stock', 'unknown-sku', 'fenced'])(
    'is refused when the contract lists %s',
    async (code) => {
      server.behave(problemAnswer(409, code));
      expect(await reserve()).toEqual({ reply: 'refused', code });
    },
  );

  it('says whom the call went to and which status answered, also where there was no answer', async () => {
    const peer = { path: '/reserve', baseUrl: server.url };
    server.behave(problemAnswer(409, 'fenced'));
    const refused = await client.reserve(firstBody, attempt());
    expect(refused.details).toEqual({ ...peer, status: 409 });
    server.behave(({ socket }) => socket.destroy());
    const cut = await client.reserve(firstBody, attempt());
    expect(cut).toMatchObject({ reply: 'unknown', details: peer });
    expect(cut.details).not.toHaveProperty('status');
  });

  it('sends the context as it came, unless it is told how', async () => {
    server.behave(answering(200, jsonType, ok));
    const context = { traceparent: '00-1', odd: 'x' };
    await client.reserve(firstBody, { ...attempt(), context });
    expect(server.requests[0]?.headers).toMatchObject(context);
    const told = createClient(inventoryOperations, {
      baseUrl: server.url,
      propagate: ({ ordinal, context }) => ({ traceparent: `${context?.traceparent}-${ordinal}` }),
    });
    await told.reserve(firstBody, { ...attempt(), ordinal: 7, context });
    await told.close();
    expect(server.requests[1]?.headers).toMatchObject({ traceparent: '00-1-7' });
    expect(server.requests[1]?.headers).not.toHaveProperty('odd');
  });

  it('leaves out what would make the headers too long to be read', async () => {
    server.behave(answering(200, jsonType, ok));
    const context = { traceparent: '00-1', baggage: 'b'.repeat(8_192) };
    const reply = await client.reserve(firstBody, { ...attempt(), context });
    expect(reply.reply).toBe('ok');
    expect(server.requests[0]?.headers).not.toHaveProperty('baggage');
  });

  it('sends what travels with the order, but never lets it replace the key', async () => {
    server.behave(answering(200, jsonType, ok));
    const context = { traceparent: '00-1', 'idempotency-key': 'mine' };
    await client.reserve(firstBody, { ...attempt(), context });
    expect(server.requests[0]?.headers).toMatchObject({
      traceparent: '00-1',
      'idempotency-key': 'ord_1:reserve',
    });
  });
});

describe('an answer that is not believed is unknown', () => {
  const cases: readonly [string, Behaviour, string][] = [
    ['malformed JSON', answering(200, jsonType, '{"orderId":"ord_1"'), 'malformed-reply'],
    ['an empty body', answering(200, jsonType, ''), 'malformed-reply'],
    [
      'a body that breaks the contract',
      answering(200, jsonType, { orderId: 'ord_1' }),
      'malformed-reply',
    ],
    ['another content type', answering(200, 'text/html', ok), 'malformed-reply'],
    ['invalid UTF-8', answering(200, jsonType, notUtf8), 'malformed-reply'],
    ['a success that the contract does not list', answering(201, jsonType, ok), 'malformed-reply'],
    [
      "another order's answer",
      answering(200, jsonType, { ...ok, orderId: 'ord_2' }),
      'wrong-order',
    ],
    [
      "another order's refusal",
      answering(409, problemBody, problem(409, 'out-of-stock', { orderId: 'ord_2' })),
      'wrong-order',
    ],
    [
      'a refusal of no order',
      answering(409, problemBody, problem(409, 'fenced', { orderId: undefined })),
      'wrong-order',
    ],
    [
      'a refusal code that is not listed',
      answering(409, problemBody, problem(409, 'payment-declined')),
      'status-409',
    ],
    [
      'a listed code that is no refusal',
      answering(503, problemBody, problem(503, 'unavailable')),
      'status-503',
    ],
    [
      'a refusal code with another status',
      answering(500, problemBody, problem(500, 'out-of-stock')),
      'status-500',
    ],
    [
      'a refusal that came with another status',
      answering(500, problemBody, problem(409, 'out-of-stock')),
      'status-500',
    ],
    [
      'a refusal whose status differs inside',
      answering(409, problemBody, problem(500, 'out-of-stock')),
      'status-409',
    ],
    [
      'a refusal that is no problem+json',
      answering(409, jsonType, problem(409, 'out-of-stock')),
      'status-409',
    ],
    [
      'a refusal named like an object method',
      answering(409, problemBody, problem(409, 'constructor')),
      'status-409',
    ],
  ];
  it.each(cases)('%s', async (_name, behaviour, code) => {
    server.behave(behaviour);
    expect(await reserve()).toEqual({ reply: 'unknown', code, retriable: true });
  });

  it.each([400, 401, 403, 404, 413, 415, 422])(
    'status %i is not worth retrying',
    async (status) => {
      server.behave(problemAnswer(status, 'whatever'));
      const expected = { reply: 'unknown', code: `status-${status}`, retriable: false };
      expect(await reserve()).toEqual(expected);
    },
  );

  it.each([302, 405, 408, 421, 425, 429, 500, 502, 503, 504])(
    'status %i is retried',
    async (status) => {
      server.behave(problemAnswer(status, 'whatever'));
      const expected = { reply: 'unknown', code: `status-${status}`, retriable: true };
      expect(await reserve()).toEqual(expected);
    },
  );

  it('follows no redirect', async () => {
    server.behave(answering(307, jsonType, '', { location: `${server.url}/elsewhere` }));
    expect(await reserve()).toMatchObject({ reply: 'unknown', code: 'status-307' });
    expect(server.requests).toHaveLength(1);
  });

  it('honours Retry-After in seconds, and as a date', async () => {
    server.behave(answering(429, problemBody, problem(429, 'busy'), { 'retry-after': '7' }));
    expect(await reserve()).toMatchObject({ code: 'status-429', retryAfterMs: 7_000 });
    const date = new Date(Date.now() + 60_000).toUTCString();
    server.behave(answering(503, problemBody, problem(503, 'busy'), { 'retry-after': date }));
    const reply = await reserve();
    if (reply.reply !== 'unknown') throw new Error('expected unknown');
    expect(reply.retryAfterMs).toBeGreaterThan(50_000);
    expect(reply.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('an oversized body is not read to its end', async () => {
    server.behave(answering(200, jsonType, { ...ok, padding: 'x'.repeat(2 * 1024 * 1024) }));
    expect(await reserve()).toEqual({ reply: 'unknown', code: 'reply-too-large', retriable: true });
  });
});

describe('no answer', () => {
  it('is unsent when every address refuses the connection', async () => {
    await server.close();
    expect(await reserve()).toMatchObject({ reply: 'unsent', code: 'connection-refused' });
    const byName = createClient(inventoryOperations, {
      baseUrl: `http://localhost:${server.port}`,
    });
    expect(await byName.reserve(firstBody, attempt())).toMatchObject({
      reply: 'unsent',
      code: 'connection-refused',
    });
    await byName.close();
  });

  it('is unknown when the connection is reset before the answer', async () => {
    server.behave((request) => request.socket.resetAndDestroy());
    const expected = { reply: 'unknown', code: 'connection-reset', retriable: true };
    expect(await reserve()).toEqual(expected);
  });

  it('is unknown when a kept connection dies under a request', async () => {
    server.behave(answering(200, jsonType, ok));
    expect((await reserve()).reply).toBe('ok');
    server.behave((request) => request.socket.destroy());
    expect(await reserve()).toMatchObject({ reply: 'unknown', code: 'connection-reset' });
  });

  it('is unknown when the body ends too early', async () => {
    server.behave((request, response) => {
      response.writeHead(200, { 'content-type': jsonType, 'content-length': 100 });
      response.write('{"orderId"', () => request.socket.resetAndDestroy());
    });
    expect(await reserve()).toMatchObject({ reply: 'unknown', retriable: true });
  });

  it('is unknown when what answers does not speak HTTP', async () => {
    server.behave((request) => request.socket.end('not http at all\r\n\r\n'));
    expect(await reserve()).toEqual({ reply: 'unknown', code: 'malformed-reply', retriable: true });
  });

  const timed = async () => {
    const startedMs = performance.now();
    const reply = await reserve(200);
    return { reply, tookMs: performance.now() - startedMs };
  };

  it('is unknown at the deadline when the server hangs', async () => {
    server.behave(() => {});
    const { reply, tookMs } = await timed();
    expect(reply).toEqual({ reply: 'unknown', code: 'timed-out', retriable: true });
    expect(tookMs).toBeLessThan(60_000);
  });

  it('is unknown at the deadline when the body drips', async () => {
    server.behave((_request, response) => {
      response.writeHead(200, { 'content-type': jsonType });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const { reply, tookMs } = await timed();
    expect(reply).toEqual({ reply: 'unknown', code: 'timed-out', retriable: true });
    expect(tookMs).toBeLessThan(60_000);
  });

  it('is unknown, and not a time-out, when the caller gives up', async () => {
    const givenUp = new AbortController();
    server.behave(() => givenUp.abort());
    const reply = await client.reserve(firstBody, { ...attempt(), signal: givenUp.signal });
    expect(reply).toMatchObject({ reply: 'unknown', code: 'aborted', retriable: true });
  });
});

describe('a read', () => {
  const options = () => ({ signal: AbortSignal.timeout(60_000) });

  it('gives the body of the contract', async () => {
    server.behave(answering(200, jsonType, { products: [], more: 1 }));
    expect(await client.getStock({}, options())).toEqual({
      ok: true,
      status: 200,
      body: { products: [] },
    });
  });

  it('says why there is none', async () => {
    server.behave(problemAnswer(503, 'unavailable'));
    expect(await client.getStock({}, options())).toEqual({
      ok: false,
      code: 'unavailable',
      status: 503,
    });
    server.behave(answering(200, jsonType, { products: 'none' }));
    expect(await client.getStock({}, options())).toMatchObject({ code: 'malformed-reply' });
  });

  it('says that nobody listens', async () => {
    await server.close();
    expect(await client.getStock({}, options())).toEqual({ ok: false, code: 'connection-refused' });
  });

  it('writes its query into the address', async () => {
    const payments = createClient(paymentOperations, { baseUrl: `${server.url}/` });
    await payments.getPayments({ query: { limit: 5, cursor: 'a-b' } }, options());
    expect(server.requests[0]?.url).toBe('/payments?limit=5&cursor=a-b');
    await payments.close();
  });
});

describe('asking', () => {
  it.each([
    ['503', problemAnswer(503, 'unavailable')],
    ['a lost connection', ((request) => request.socket.destroy()) satisfies Behaviour],
  ])('is done once, also after %s: when to ask again is the engine’s to say', async (_, answer) => {
    server.behave(answer);
    expect(await reserve()).toMatchObject({ reply: 'unknown', retriable: true });
    expect(server.requests).toHaveLength(1);
  });
});

describe("the incarnation of the service's data", () => {
  const naming =
    (incarnation: string): Behaviour =>
    (_request, response) =>
      void response
        .writeHead(503, { 'content-type': problemBody, 'baton-incarnation': incarnation })
        .end('{}');

  it('is that of the last answer, whatever the answer says, and stays through silence', async () => {
    expect(client.incarnation?.()).toBeUndefined();
    server.behave(naming('one'));
    await reserve();
    expect(client.incarnation?.()).toBe('one');
    server.behave(naming('two'));
    await client.getStock({}, { signal: AbortSignal.timeout(60_000) });
    expect(client.incarnation?.()).toBe('two');
    await server.close();
    await reserve();
    expect(client.incarnation?.()).toBe('two');
  });

  it('is no text of any length', async () => {
    server.behave(naming('x'.repeat(65)));
    await reserve();
    expect(client.incarnation?.()).toBeUndefined();
  });
});
