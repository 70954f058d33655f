/** The two ports of a Jaeger on this machine, and the program that answers there. */
import { createServer } from 'node:net';

export interface JaegerPorts {
  /** Takes spans, as OTLP over HTTP. */
  readonly otlp: number;
  /** Serves the web page and the query API. */
  readonly query: number;
  /** Takes the spans of jaeger-client, over HTTP; without it, the usual one is taken, or any. */
  readonly thrift?: number;
}

export const usualPorts: JaegerPorts = { otlp: 4318, query: 16686 };

const usualThrift = 14_268;

/** The usual port for the spans of jaeger-client, or any free one if that is taken: it must not keep Jaeger from starting. */
export async function addThrift(ports: JaegerPorts): Promise<Required<JaegerPorts>> {
  const { thrift } = ports;
  if (thrift !== undefined) return { ...ports, thrift };
  const found = await listenOn(usualThrift).catch(() => listenOn(0));
  await found.close();
  return { ...ports, thrift: found.port };
}

/** Another program may take a port before it is used: good enough for tests. */
export async function pickFreePorts(): Promise<Required<JaegerPorts>> {
  const [otlp, query, thrift] = await Promise.all([listenOn(0), listenOn(0), listenOn(0)]);
  await Promise.all([otlp.close(), query.close(), thrift.close()]);
  return { otlp: otlp.port, query: query.port, thrift: thrift.port };
}

/** 0: any free port. */
function listenOn(wanted: number): Promise<{ port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const close = () => new Promise<void>((closed) => server.close(() => closed()));
    server.once('error', reject).listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      resolve({ port: typeof address === 'object' && address ? address.port : 0, close });
    });
  });
}

type Listener = 'jaeger' | 'nobody' | 'other';

/** A first request takes a second where every core is busy. */
const answerLongestMs = 4_000;

/** The listener; with another program than Jaeger on either port, that port, too. */
export type Occupant =
  | { readonly kind: 'jaeger' | 'nobody' }
  | { readonly kind: 'other'; readonly port: number };

export async function readOccupant({ otlp, query }: JaegerPorts): Promise<Occupant> {
  const [taker, server] = await Promise.all([askOtlp(otlp), askQuery(query)]);
  if (taker === server && taker !== 'other') return { kind: taker };
  // Half a Jaeger is another collector, or a Jaeger in another shape: of no use here.
  const port = taker === 'other' || (server === 'nobody' && taker === 'jaeger') ? otlp : query;
  return { kind: 'other', port };
}

/** An export of nothing leaves nothing behind. */
const askOtlp = (port: number): Promise<Listener> =>
  ask(`http://127.0.0.1:${port}/v1/traces`, (body) => typeof body === 'object', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });

const askQuery = (port: number): Promise<Listener> =>
  ask(`http://127.0.0.1:${port}/api/services`, (body) => body instanceof Object && 'data' in body);

async function ask(
  url: string,
  isJaegers: (body: unknown) => boolean,
  request: RequestInit = {},
): Promise<Listener> {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(answerLongestMs) });
    return answer.ok && isJaegers(await answer.json()) ? 'jaeger' : 'other';
  } catch (error) {
    return isRefusal(error) ? 'nobody' : 'other';
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof TypeError &&
  error.cause instanceof Error &&
  'code' in error.cause &&
  error.cause.code === 'ECONNREFUSED';
