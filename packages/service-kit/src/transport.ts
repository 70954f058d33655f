/** One HTTP exchange: axios is the interface, undici the transport. It never throws. */
import type { Operation } from '@baton/contracts';
import { runWithHeaders } from '@baton/telemetry';
import { Axios, type AxiosAdapter } from 'axios';
import { Agent, type Dispatcher } from 'undici';
import { type Progress, toFailedExchange, watchBegins } from './failed-exchange.ts';
import type { Exchange } from './reply.ts';

export interface Call {
  readonly operation: Operation;
  /** With its parameters and query already in it. */
  readonly path: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly signal: AbortSignal;
}
export interface Transport {
  /** The server that is called; unknown in a test's process. */
  readonly peer?: { readonly address: string; readonly port: number; readonly baseUrl: string };
  readonly exchange: (call: Call) => Promise<Exchange>;
  readonly close: () => Promise<void>;
}

export interface HttpOptions {
  /** From configuration, never from a request. */
  readonly baseUrl: string;
  readonly socketsMax?: number;
  readonly now?: () => number;
}

const responseMaxBytes = 1024 * 1024;
const usualSocketsMax = 64;
/** The signal is the deadline; this is a second one, for a caller whose signal never fires. */
const silenceMaxMs = 60_000;

const createAgent = (socketsMax: number): Agent =>
  new Agent({
    connections: socketsMax,
    pipelining: 1,
    allowH2: false,
    connectTimeout: 5_000,
    headersTimeout: silenceMaxMs,
    bodyTimeout: silenceMaxMs,
    maxResponseSize: responseMaxBytes,
  });

function toFlatHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) flat[name] = String(value);
  return flat;
}

/** undici does not give up a request before it has begun: it would wait for the connection, to send nothing. */
async function unlessAborted<T>(
  sending: Promise<T>,
  signal: AbortSignal,
  progress: Progress,
): Promise<T> {
  const givenUp = Promise.withResolvers<never>();
  const giveUp = () => {
    if (!progress.hasBegun) givenUp.reject(signal.reason);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([sending, givenUp.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** One call, and its response beside axios, which would copy each header many times. */
interface Sending {
  readonly call: Call;
  readonly progress: Progress;
  received: Readonly<Record<string, string>>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const jsonType = { 'content-type': 'application/json' };

/** Follows no redirect, knows no proxy, and reads strict UTF-8. */
const createAdapter =
  (dispatcher: Dispatcher, peer: Peer, sending: Sending): AxiosAdapter =>
  async (config) => {
    const { call, progress } = sending;
    const { headers: given, signal } = call;
    const sent = runWithHeaders(given, (headers) =>
      dispatcher.request({
        origin: peer.origin,
        path: `${peer.path}${config.url}`,
        method: call.operation.method.toUpperCase() as Dispatcher.HttpMethod, // as axios has it, which knows any text
        headers: { ...config.headers.toJSON(), ...headers },
        body: config.data,
        signal,
        opaque: progress,
      }),
    );
    const { statusCode, headers, body: text } = await unlessAborted(sent, signal, progress);
    sending.received = toFlatHeaders(headers);
    const data = utf8.decode(await text.arrayBuffer());
    return { data, status: statusCode, statusText: '', headers: {}, config };
  };

interface Peer {
  readonly address: string;
  readonly port: number;
  readonly baseUrl: string;
  readonly origin: string;
  readonly path: string;
}

function toPeer(base: string): Peer {
  const { hostname, origin, pathname, port, protocol } = new URL(base);
  const path = pathname.replace(/\/+$/, '');
  const usualPort = protocol === 'https:' ? 443 : 80;
  return {
    address: hostname,
    port: Number(port) || usualPort,
    baseUrl: origin + path,
    origin,
    path,
  };
}

export function createHttpTransport({
  baseUrl,
  socketsMax = usualSocketsMax,
  now = Date.now,
}: HttpOptions): Transport {
  const agent = createAgent(socketsMax);
  const dispatcher = watchBegins(agent);
  const peer = toPeer(baseUrl);
  // axios merges its defaults into each call, and they are for its own adapters.
  const client = new Axios();
  return {
    peer,
    close: () => agent.destroy(),
    exchange: async (call) => {
      const { operation, path, body, signal } = call;
      const progress = { hasBegun: false };
      const sending: Sending = { call, progress, received: {} };
      try {
        const { status, data } = await client.request<string>({
          adapter: createAdapter(dispatcher, peer, sending),
          method: operation.method,
          url: path,
          ...(body !== undefined && { headers: jsonType, data: JSON.stringify(body) }),
          signal,
        });
        const { received: headers } = sending;
        return {
          kind: 'response',
          response: { status, headers, text: data, receivedAtMs: now() },
        };
      } catch (error) {
        return toFailedExchange(error, { signal, hasBegun: progress.hasBegun });
      }
    },
  };
}
