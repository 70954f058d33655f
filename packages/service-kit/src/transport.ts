/** One HTTP exchange: axios is the interface, undici the transport. It never throws. */
import type { Operation } from '@baton/contracts';
import axios, { type AxiosAdapter, AxiosError, AxiosHeaders } from 'axios';
import { Agent, type Dispatcher, request } from 'undici';
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
  /** Whom it calls; unknown in a test's process. */
  readonly peer?: { readonly address: string; readonly port: number };
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
/** The signal is the deadline; this is the second one, for a caller whose signal never fires. */
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

const toFlatHeaders = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );

const toHeaderRecord = (headers: unknown): Record<string, string> =>
  headers instanceof AxiosHeaders
    ? Object.fromEntries(Object.entries(headers.toJSON(true)).map(([k, v]) => [k, String(v)]))
    : {};

/** Follows no redirect, knows no proxy, and reads strict UTF-8. */
const createAdapter =
  (dispatcher: Dispatcher): AxiosAdapter =>
  async (config) => {
    const response = await request(`${config.baseURL}${config.url}`, {
      dispatcher,
      method: (config.method ?? 'get').toUpperCase(),
      headers: toHeaderRecord(config.headers),
      body: config.data,
      signal: config.signal instanceof AbortSignal ? config.signal : null,
    });
    const bytes = await response.body.arrayBuffer();
    const data = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const headers = new AxiosHeaders(toFlatHeaders(response.headers));
    return { data, status: response.statusCode, statusText: '', headers, config };
  };

const errorCodeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const reasons: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'connection-reset',
  ECONNRESET: 'connection-reset',
  EPIPE: 'connection-reset',
  UND_ERR_CONNECT_TIMEOUT: 'timed-out',
  ETIMEDOUT: 'timed-out',
  UND_ERR_HEADERS_TIMEOUT: 'timed-out',
  UND_ERR_BODY_TIMEOUT: 'timed-out',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'reply-too-large',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'malformed-reply',
  ERR_INVALID_ARG_VALUE: 'malformed-reply',
};

/** One address refused is not enough: another may have taken the request. */
function unsentCodeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const codes = error.errors.map(errorCodeOf);
    const allRefused = codes.length > 0 && codes.every((code) => code === 'ECONNREFUSED');
    return allRefused ? 'connection-refused' : undefined;
  }
  if (errorCodeOf(error) === 'ECONNREFUSED') return 'connection-refused';
  return errorCodeOf(error) === 'ENOTFOUND' ? 'host-not-found' : undefined;
}

/** What a failed exchange says about the request: gone for certain, or not known. */
export function toFailedExchange(error: unknown, signal: AbortSignal): Exchange {
  if (signal.aborted) {
    const isDeadline = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
    return { kind: 'unknown', code: isDeadline ? 'timed-out' : 'aborted' };
  }
  const cause = error instanceof AxiosError && error.cause !== undefined ? error.cause : error;
  const unsent = unsentCodeOf(cause);
  if (unsent !== undefined) return { kind: 'unsent', code: unsent };
  // undici's own class is not exported, and it carries no code for every parse error.
  if (cause instanceof Error && cause.name === 'HTTPParserError') {
    return { kind: 'unknown', code: 'malformed-reply' };
  }
  return { kind: 'unknown', code: reasons[errorCodeOf(cause)] ?? 'connection-failed' };
}

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function toPeer(baseUrl: string): NonNullable<Transport['peer']> {
  const { hostname, port, protocol } = new URL(baseUrl);
  return { address: hostname, port: Number(port) || (defaultPorts[protocol] ?? 0) };
}

const keepText = (text: unknown): unknown => text;

export function createHttpTransport({
  baseUrl,
  socketsMax = usualSocketsMax,
  now = Date.now,
}: HttpOptions): Transport {
  const agent = createAgent(socketsMax);
  const client = axios.create({
    adapter: createAdapter(agent),
    baseURL: baseUrl.replace(/\/+$/, ''),
    allowAbsoluteUrls: false,
    maxRedirects: 0,
    maxContentLength: responseMaxBytes,
    proxy: false,
    timeout: silenceMaxMs,
    validateStatus: () => true,
    // axios would take malformed JSON for text, in silence.
    transformRequest: keepText,
    transformResponse: keepText,
  });
  return {
    peer: toPeer(baseUrl),
    close: () => agent.destroy(),
    exchange: async ({ operation, path, headers, body, signal }) => {
      try {
        const response = await client.request<string>({
          method: operation.method,
          url: path,
          headers:
            body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
          data: body === undefined ? undefined : JSON.stringify(body),
          signal,
        });
        return {
          kind: 'response',
          response: {
            status: response.status,
            headers: toHeaderRecord(response.headers),
            text: response.data,
            receivedAtMs: now(),
          },
        };
      } catch (error) {
        return toFailedExchange(error, signal);
      }
    },
  };
}
