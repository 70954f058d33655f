/** The stand-in's HTTP side, on bare node:http, with its own OpenAPI document. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import type { Defect, Trait } from './defect.ts';
import { type Has, type Reply, Seats, type SeatsRequest, toProblem } from './seats.ts';

const Hold = z.object({ orderId: z.string().optional(), seats: z.int().min(1) });
const firstKey = /^([a-z]+_[A-Za-z0-9_-]{1,64}):[a-z][a-z0-9-]{0,31}$/;
const bodyLengthMax = 16_384;
const named = { orderId: 'ord_example' };
const toNamed = (has: Has) => (has('names runs by their key') ? {} : named);

const toContent = (schema: unknown, example: unknown) => ({
  content: { 'application/json': { schema, example } },
});

const toDocument = (has: Has): Reply => ({
  status: 200,
  body: {
    openapi: '3.1.0',
    paths: {
      '/hold': {
        post: {
          ...(has('has no request example')
            ? {}
            : { requestBody: toContent({}, { ...toNamed(has), seats: 2 }) }),
          // Behind a reference, as most generators write it.
          responses: { 200: toContent({ $ref: '#/components/schemas/Held' }, {}) },
          'x-baton-effect': { undo: '/drop' },
          'x-baton-refusal-example': { code: 'unlucky', body: { ...toNamed(has), seats: 13 } },
        },
      },
      '/drop': { post: { requestBody: toContent({}, toNamed(has)) } },
      '/taken': { get: { responses: {} } },
      // Never the same twice, so it must be left out of every comparison.
      '/clock': { get: { responses: {} } },
    },
    components: {
      schemas: {
        Held: { type: 'object', properties: { holdId: { type: 'string' } }, required: ['holdId'] },
      },
    },
  },
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function judgeText(text: string, has: Has): Reply | undefined {
  if (text.length > bodyLengthMax && !has('has no size limit')) {
    return toProblem(413, 'payload-too-large');
  }
  if (text.includes('__proto__') && !has('lets __proto__ in')) return toProblem(400, 'bad-request');
  if (parse(text) !== undefined) return undefined;
  return has('fails on malformed JSON')
    ? toProblem(500, 'internal-error')
    : toProblem(400, 'bad-request');
}

function readKey(request: IncomingMessage, has: Has): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) {
    const needless: Defect = request.url === '/drop' ? 'needs no key to undo' : 'needs no key';
    return has(needless) ? 'ord_none:step' : undefined;
  }
  return typeof key === 'string' && (firstKey.test(key) || has('takes any key')) ? key : undefined;
}

function toSeatsRequest(key: string, text: string): SeatsRequest {
  const body = Hold.safeParse(parse(text));
  return {
    key,
    text,
    orderId: firstKey.exec(key)?.[1] ?? 'ord_none',
    seats: body.success ? body.data.seats : undefined,
  };
}

async function answerPost(request: IncomingMessage, seats: Seats, has: Has): Promise<Reply> {
  const text = await readText(request);
  if (request.method !== 'POST' && !has('takes any method')) {
    return toProblem(405, 'method-not-allowed');
  }
  const key = readKey(request, has);
  if (key === undefined) return toProblem(400, 'key-missing');
  const unreadable = judgeText(text, has);
  if (unreadable !== undefined) return unreadable;
  const call = toSeatsRequest(key, text);
  return request.url === '/drop' ? seats.undo(call) : seats.forward(call);
}

async function answer(request: IncomingMessage, seats: Seats, has: Has): Promise<Reply> {
  switch (request.url) {
    case '/hold':
    case '/drop':
      return answerPost(request, seats, has);
    case '/openapi.json':
      return toDocument(has);
    case '/taken':
      return { status: 200, body: { taken: seats.taken } };
    case '/clock':
      return { status: 200, body: { now: performance.now() } };
    case '/health/live':
      return has('has no live route')
        ? toProblem(404, 'not-found')
        : { status: 200, body: { status: 'live' } };
    case '/health/ready':
      return has('is never ready')
        ? { status: 503, body: { status: 'not-ready' } }
        : { status: 200, body: { status: 'ready' } };
    default:
      return toProblem(404, 'not-found');
  }
}

function toType({ status }: Reply, has: Has): string {
  if (status === 404 && has('answers unknown paths in HTML')) return 'text/html';
  return status >= 400 && status !== 503 ? 'application/problem+json' : 'application/json';
}

function toKeyHeader({ headers }: IncomingMessage, has: Has) {
  const { 'idempotency-key': key } = headers;
  if (has('repeats another key')) return { 'idempotency-key': 'ord_other:step' };
  return key !== undefined && has('names runs by their key') && { 'idempotency-key': key };
}

function createHandler(has: Has) {
  const seats = new Seats(has);
  let answers = 0;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = await answer(request, seats, has);
    answers += 1;
    response.writeHead(reply.status, {
      'content-type': toType(reply, has),
      'baton-incarnation': has('changes its incarnation') ? String(answers) : 'one',
      ...toKeyHeader(request, has),
    });
    const { orderId, ...rest } = reply.body;
    response.end(JSON.stringify(has('names runs by their key') ? rest : reply.body));
  };
}

export interface Listening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function startSeats(...traits: readonly Trait[]): Promise<Listening> {
  const handle = createHandler((...asked) => asked.some((trait) => traits.includes(trait)));
  const server = createServer((request, response) => void handle(request, response));
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      return closed.promise;
    },
  };
}
