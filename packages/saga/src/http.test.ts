import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import type { Attempt, Operation } from './core/saga.ts';
import type { Schema } from './core/schema.ts';
import { type PostOptions, post } from './http.ts';

interface Hold {
  readonly holdId: string;
}
/** Stands for a real schema library: it takes what has a holdId, and nothing else. */
const answer: Schema<Hold> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) =>
      typeof Object(value).holdId === 'string'
        ? { value: value as Hold }
        : { issues: [{ message: 'no holdId' }] },
  },
};
const options: PostOptions<Hold> = { answer, refusals: ['sold-out'] };
const body = { orderId: 'ord_1', seats: 2 };
const held = { orderId: 'ord_1', holdId: 'hold_1' };
const soldOut = { type: 'about:blank', title: 'sold out', status: 409, code: 'sold-out' };

const toAttempt = (changes: Partial<Attempt> = {}): Attempt => ({
  key: 'ord_1:seat',
  number: 3,
  ordinal: 4,
  signal: new AbortController().signal,
  context: {},
  ...changes,
});

type Listener = (request: IncomingMessage & { text: string }, response: ServerResponse) => void;
let cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups) cleanup();
  cleanups = [];
});

/** A service on loopback that has read the whole request before it answers. */
async function serve(listener: Listener): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    listener(Object.assign(request, { text }), response);
  });
  await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hold`;
}

const json = { 'content-type': 'application/json; charset=utf-8' };
const problem = { 'content-type': 'application/problem+json' };
async function askFor(
  status: number,
  headers: Record<string, string>,
  content: string | Uint8Array = '',
) {
  const url = await serve((_request, response) => response.writeHead(status, headers).end(content));
  return post(url, options)(body, toAttempt());
}
const text = (value: unknown): string => JSON.stringify(value);
/** What `fetch` rejects with. */
const failWith = (cause: unknown) => async (): Promise<Response> => {
  throw new TypeError('fetch failed', { cause });
};

describe('a request', () => {
  test('carries key, attempt, length and type, and what travels with the run', async () => {
    const heard: object[] = [];
    const url = await serve(({ method, headers, text }, response) => {
      heard.push({ method, headers, text });
      response.writeHead(200, json).end(JSON.stringify(held));
    });
    const headers = async ({ number }: Attempt) => ({
      authorization: `token-${number}`,
      'Idempotency-Key': 'x',
    });
    const context = { traceparent: '00-1', 'content-type': 'text/plain' };
    const hold = post(url, { ...options, headers });
    expect(await hold(body, toAttempt({ context }))).toEqual({ reply: 'ok', output: held });
    expect(heard).toMatchObject([
      {
        method: 'POST',
        text: '{"orderId":"ord_1","seats":2}',
        headers: {
          'idempotency-key': 'ord_1:seat',
          'baton-attempt': '3',
          'content-type': 'application/json',
          'content-length': '29',
          traceparent: '00-1',
          authorization: 'token-3',
        },
      },
    ]);
    expect(heard).not.toHaveProperty('0.headers.transfer-encoding');
  });

  test.each([
    ['more than a service reads of headers', { baggage: 'x'.repeat(9_000) }],
    ['what no header can hold', { 'trace id': 'x' }],
  ])('leaves without a context of %s', async (_what, context) => {
    const url = await serve((_request, response) => response.writeHead(200, json).end(text(held)));
    const reply = await post(url, options)(body, toAttempt({ context }));
    expect(reply).toEqual({ reply: 'ok', output: held });
  });

  test.each([200, 404, 503])('takes a connection that a %i came over', async (status) => {
    const sockets = new Set<Socket>();
    const url = await serve(({ socket }, response) => {
      sockets.add(socket);
      response.writeHead(status, json).end('x'.repeat(200_000));
    });
    for (const _ of Array.from({ length: 10 })) await post(url, options)(body, toAttempt());
    // fetch takes two in turn: the last one is not at rest yet when the next request is made.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  test('is typed by its body and its answer', () => {
    const hold: Operation<typeof body, Hold> = post('http://localhost', options);
    expectTypeOf(hold).parameter(0).toEqualTypeOf<typeof body>();
    expectTypeOf(post('http://localhost', options)).toEqualTypeOf<Operation<unknown, Hold>>();
  });

  test.each(['', '/hold', 'http://a:b@localhost/'])('has no address like "%s"', (url) => {
    expect(() => post(url, options)).toThrow(TypeError);
  });
});

describe('an answer', () => {
  test('is ok when it is what the schema wants', async () => {
    expect(await askFor(200, json, text(held))).toEqual({ reply: 'ok', output: held });
    const zipped = { ...json, 'content-encoding': 'gzip' };
    expect(await askFor(200, zipped, gzipSync(text(held)))).toMatchObject({ reply: 'ok' });
  });

  test('is a refusal when its problem is listed', async () => {
    const refusal = { reply: 'refused', code: 'sold-out' };
    expect(await askFor(409, problem, text(soldOut))).toEqual(refusal);
    expect(await askFor(409, problem, text({ ...soldOut, orderId: 'ord_1' }))).toEqual(refusal);
  });

  test.each([
    ['is not listed', problem, { ...soldOut, code: 'fenced' }],
    ['contradicts its status', problem, { ...soldOut, status: 422 }],
    ['is no problem document', json, soldOut],
    ['is no object', problem, null],
  ])('is unknown when its refusal %s', async (_what, headers, content) => {
    const reply = await askFor(409, headers, text(content));
    expect(reply).toEqual({ reply: 'unknown', code: 'status-409', retriable: true });
  });

  test('is a refusal when its key stands for another request: that one is not to be undone', async () => {
    const reused = text({ status: 422, code: 'key-reused' });
    expect(await askFor(422, problem, reused)).toEqual({ reply: 'refused', code: 'key-reused' });
    expect(await askFor(409, problem, reused)).toMatchObject({ code: 'status-409' });
    expect(await askFor(422, json, reused)).toMatchObject({ code: 'status-422' });
  });

  test('says that it was given before', async () => {
    const replayed = await askFor(200, { ...json, 'idempotency-replayed': 'true' }, text(held));
    expect(replayed).toMatchObject({ reply: 'ok', details: { replayed: 1 } });
    expect(await askFor(200, json, text(held))).not.toHaveProperty('details');
  });

  test.each([
    [422, false],
    [500, true],
  ])('is unknown when its refusal came with %i', async (status, retriable) => {
    const reply = await askFor(status, problem, text({ ...soldOut, status }));
    expect(reply).toEqual({ reply: 'unknown', code: `status-${status}`, retriable });
  });

  test.each([
    ['no JSON', json, 'done'],
    ['half of it', json, '{"holdId":'],
    ['nothing', json, ''],
    ['not UTF-8', json, Buffer.from('{"holdId":"\xff"}', 'latin1')],
    ['not what the schema wants', json, '{"holdId":1}'],
    ['another type', { 'content-type': 'text/html' }, text(held)],
    ['of no type', {}, text(held)],
    ['wrongly compressed', { ...json, 'content-encoding': 'gzip' }, text(held)],
  ])('is malformed when it is %s', async (_what, headers, content) => {
    const reply = await askFor(200, headers, content);
    expect(reply).toMatchObject({ reply: 'unknown', code: 'malformed-reply' });
    expect(reply).not.toMatchObject({ retriable: false });
  });

  test('is malformed when its schema throws', async () => {
    const validate = () => {
      throw new Error('internal text');
    };
    const broken = { answer: { '~standard': { version: 1, vendor: 'test', validate } } } as const;
    const url = await serve((_request, response) => response.writeHead(200, json).end(text(held)));
    const reply = await post(url, broken)(body, toAttempt());
    expect(reply).toEqual({ reply: 'unknown', code: 'malformed-reply' });
  });

  test.each([
    [200, json, held],
    [409, problem, soldOut],
  ])('is unknown when a %i names another order', async (status, headers, content) => {
    const reply = await askFor(status, headers, text({ ...content, orderId: 'ord_2' }));
    expect(reply).toMatchObject({ reply: 'unknown', code: 'wrong-order' });
  });

  test.each([
    [200, 'reply-too-large'],
    [503, 'status-503'],
  ])('with %i is not read to its end when it is huge: %s', async (status, code) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, json);
      const write = () => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    });
    const reply = await post(url, options)(body, toAttempt());
    expect(reply).toMatchObject({ reply: 'unknown', code });
  });

  test.each([400, 401, 403, 404, 413, 415, 422])('with %i is not worth a retry', async (status) => {
    const reply = await askFor(status, {}, Buffer.from([0xff]));
    expect(reply).toEqual({ reply: 'unknown', code: `status-${status}`, retriable: false });
  });

  test.each([201, 202, 204, 408, 421, 425, 429, 500, 503])('with %i is unknown', async (status) => {
    const reply = await askFor(status, json, status === 204 ? '' : text(held));
    expect(reply).toEqual({ reply: 'unknown', code: `status-${status}`, retriable: true });
  });

  test.each([301, 302, 303, 307, 308])('with %i is not followed', async (status) => {
    const urls: unknown[] = [];
    const url = await serve(({ url }, response) => {
      urls.push(url);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    const reply = await post(url, options)(body, toAttempt());
    expect(reply).toMatchObject({ reply: 'unknown', code: `status-${status}` });
    expect(urls).toEqual(['/hold']);
  });

  test('says when to ask again', async () => {
    const ask = (after: string) => askFor(503, { 'retry-after': after });
    expect(await ask('7')).toMatchObject({ retryAfterMs: 7_000 });
    expect(await ask('Sat, 01 Jan 2000 00:00:00 GMT')).toMatchObject({ retryAfterMs: 0 });
    expect(await ask('soon')).not.toHaveProperty('retryAfterMs', expect.anything());
    const reply = await ask(new Date(Date.now() + 60_000).toUTCString());
    expect(reply).toHaveProperty('retryAfterMs', expect.closeTo(57_500, -4));
  });
});

describe('a call without an answer', () => {
  test('is unknown when its deadline passes while the service works', async () => {
    const url = await serve(() => {});
    const attempt = toAttempt({ signal: AbortSignal.timeout(50) });
    expect(await post(url, options)(body, attempt)).toEqual({
      reply: 'unknown',
      code: 'timed-out',
    });
  });

  test('is unknown when its deadline passes in the middle of the answer', async () => {
    const url = await serve((_request, response) => response.writeHead(200, json).write('{'));
    const attempt = toAttempt({ signal: AbortSignal.timeout(50) });
    expect(await post(url, options)(body, attempt)).toEqual({
      reply: 'unknown',
      code: 'timed-out',
    });
  });

  test.each([
    ['before the answer', false],
    ['in the middle of it', true],
  ])('is unknown when its connection is reset %s', async (_when, isBegun) => {
    const url = await serve(({ socket }, response) => {
      const reset = () => socket.resetAndDestroy();
      if (isBegun) response.writeHead(200, json).write('{', reset);
      else reset();
    });
    const reply = await post(url, options)(body, toAttempt());
    expect(reply).toEqual({ reply: 'unknown', code: 'connection-reset' });
  });

  test('is unknown when the answer is no HTTP', async () => {
    const url = await serve(({ socket }) => socket.end('SSH-2.0\r\n\r\n'));
    const reply = await post(url, options)(body, toAttempt());
    expect(reply).toEqual({ reply: 'unknown', code: 'malformed-reply' });
  });

  test('is unsent when nobody listens', async () => {
    const url = await serve(() => {});
    for (const cleanup of cleanups) cleanup();
    const reply = await post(url, options)(body, toAttempt());
    expect(reply).toEqual({ reply: 'unsent', code: 'connection-refused' });
  });

  // Left to itself, fetch would send again what was answered 421, and tell of the second request only.
  test('is sent once, and its answer is what counts, though nobody listens any more', async () => {
    let count = 0;
    const url = await serve((_request, response) => {
      count += 1;
      response.writeHead(421, { connection: 'close' }).end();
      for (const cleanup of cleanups) cleanup();
    });
    const reply = await post(url, options)(body, toAttempt());
    expect(reply).toMatchObject({ reply: 'unknown', code: 'status-421' });
    expect(count).toBe(1);
  });

  test.each([
    ['a port that fetch does not call', 'http://127.0.0.1:9/', 'not-sent'],
    ['a scheme that fetch does not know', 'mailto:someone', 'not-sent'],
  ])('is unsent at %s', async (_what, url, code) => {
    expect(await post(url, options)(body, toAttempt())).toEqual({ reply: 'unsent', code });
  });

  test.each([
    ['a body that is no JSON', { n: 1n }, {}, {}],
    ['a key that no header can hold', body, { key: 'Bestellung №1' }, {}],
    ['a header that no request can have', body, {}, { 'transfer-encoding': 'chunked' }],
  ])('is unsent with %s', async (_what, content, attempt, headers) => {
    const url = await serve(() => {});
    const hold = post(url, { ...options, headers: () => headers });
    const reply = await hold(content, toAttempt(attempt));
    expect(reply).toEqual({ reply: 'unsent', code: 'not-sent' });
  });

  test('is unsent when its headers cannot be had, or its deadline was over before', async () => {
    const url = await serve(() => {});
    const headers = () => Promise.reject(new Error('internal text'));
    const reply = await post(url, { ...options, headers })(body, toAttempt());
    expect(reply).toEqual({ reply: 'unsent', code: 'not-sent' });
    const late = await post(url, options)(body, toAttempt({ signal: AbortSignal.abort() }));
    expect(late).toEqual({ reply: 'unsent', code: 'timed-out' });
  });

  // What fetch rejects with where no connection was made, and so nobody read the body.
  test.each([
    [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, 'host-not-found'],
    [{ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, 'host-not-found'],
    [{ code: 'ENETUNREACH', syscall: 'connect' }, 'not-sent'],
    [{ code: 'ETIMEDOUT', syscall: 'connect' }, 'timed-out'],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'timed-out'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'not-sent'],
    ['something else', 'not-sent'],
  ])('is unsent when it failed with %o', async (cause, code) => {
    const hold = post('http://seats.test', { ...options, fetch: failWith(cause) });
    expect(await hold(body, toAttempt())).toEqual({ reply: 'unsent', code });
  });

  test.each([
    [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'connection-refused'],
    [{ code: 'EPIPE', syscall: 'write' }, 'connection-reset'],
    [{ code: 'UND_ERR_SOCKET' }, 'connection-reset'],
    [{ code: 'ETIMEDOUT', syscall: 'read' }, 'timed-out'],
    [{ code: 'UND_ERR_HEADERS_TIMEOUT' }, 'timed-out'],
    [undefined, 'connection-failed'],
  ])('is unknown when it failed with %o after its body was read', async (cause, code) => {
    const read: typeof fetch = async (_url, init) => {
      await new Response(init?.body ?? null).text();
      return failWith(cause)();
    };
    const hold = post('http://seats.test', { ...options, fetch: read });
    expect(await hold(body, toAttempt())).toEqual({ reply: 'unknown', code });
  });
});
