/**
 * The HTTP server below an app: what becomes of its connections. Not what requests mean.
 *
 * 1. A connection that is done with is gone within a bounded time, whatever its client does: too late, malformed,
 *    refused, answered but not read. Otherwise clients that stay would hold every place for ever.
 * 2. A request that came too late is a 408 or a closed connection, never a verdict on what it asks: the process may
 *    have stood still while the request waited.
 * 3. No client takes a text of this file for the answer to a request that the app has.
 */
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '@baton/telemetry';
import { toGeneralProblem } from './problem-answer.ts';

/** Not imported: that would load a WebSocket's client, too, an eighth of a participant's start. */
const http = process.getBuiltinModule('node:http');

export interface ServerLimits {
  /** Each takes a descriptor; a process may have only 1,024, and files and calls need some. */
  readonly connectionsMax: number;
  /** Of one client address, so that no single one takes all places. */
  readonly connectionsPerAddressMax: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Longer than a client keeps an idle socket, so that no request meets a closing one. */
  readonly keepAliveMs: number;
  /** Without a byte either way: longer than any answer waits, and than the pause between two heartbeats of a stream. */
  readonly silenceMaxMs: number;
  /** From a request to the last byte that its client took of the answer. A stream of events lasts as long as both like. */
  readonly answerLongestMs: number;
  /** For a client to read the last answer that it gets. */
  readonly lingerMs: number;
  readonly checkEveryMs: number;
}

export const usualLimits: ServerLimits = {
  connectionsMax: 900,
  connectionsPerAddressMax: 900,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveMs: 10_000,
  silenceMaxMs: 60_000,
  answerLongestMs: 120_000,
  lingerMs: 1_000,
  checkEveryMs: 1_000,
};

const headersMax = 100;

export function createHttpServer(
  app: RequestListener,
  limits: ServerLimits,
  log: Pick<Log, 'warn'>,
): Server {
  const server = http.createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    app,
  );
  server.maxHeadersCount = headersMax;
  server.timeout = limits.silenceMaxMs;
  limitConnections(server, limits, log);
  limitAnswers(server, limits);
  refuseBrokenRequests(server, limits);
  return server;
}

/** What one client may have: an IPv4 address, or all IPv6 addresses that begin with the same 64 bits. */
export function toNetwork(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped || !address.includes(':')) return mapped ?? address;
  const [head = [], tail = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}

/** Connections above a limit are closed, unanswered. */
function limitConnections(server: Server, limits: ServerLimits, log: Pick<Log, 'warn'>): void {
  const { connectionsMax, connectionsPerAddressMax } = limits;
  server.maxConnections = connectionsMax;
  server.once('drop', () => {
    log.warn(
      `more than ${connectionsMax} connections at a time: new ones are closed, which is said once`,
    );
  });
  const places = new Map<string, number>();
  let isSaid = false;
  server.on('connection', (socket: Socket) => {
    const address = toNetwork(socket.remoteAddress ?? '');
    const taken = (places.get(address) ?? 0) + 1;
    if (taken > connectionsPerAddressMax) {
      socket.destroy();
      if (isSaid) return;
      isSaid = true;
      log.warn(
        { address },
        `more than ${connectionsPerAddressMax} connections of one address at a time (CONNECTIONS_PER_ADDRESS_MAX): new ones are closed, which is said once`,
      );
      return;
    }
    places.set(address, taken);
    socket.once('close', () => {
      const left = (places.get(address) ?? 1) - 1;
      if (left === 0) places.delete(address);
      else places.set(address, left);
    });
  });
}

function limitAnswers(server: Server, { answerLongestMs }: ServerLimits): void {
  server.on('request', (_request, response) => {
    const cut = setTimeout(() => {
      // Seen where it was set, and not only written with the head.
      const type = String(response.getHeader('content-type'));
      if (response.writableEnded || !type.startsWith('text/event-stream')) response.destroy();
    }, answerLongestMs).unref();
    response.once('close', () => clearTimeout(cut));
  });
}

function refuseBrokenRequests(server: Server, { lingerMs }: ServerLimits): void {
  /** Of requests that the app has, and that are not both read and answered. */
  const busy = new Map<Duplex, number>();
  server.on('request', (request: IncomingMessage, response) => {
    const { socket } = request;
    busy.set(socket, (busy.get(socket) ?? 0) + 1);
    const release = (): void => {
      const left = (busy.get(socket) ?? 1) - 1;
      if (left === 0) busy.delete(socket);
      else busy.set(socket, left);
    };
    // An answer may come before all of its request: the rest is no new request.
    response.once('close', () => {
      if (request.complete || socket.destroyed) release();
      else request.once('close', release);
    });
  });
  server.on('clientError', (error, socket) => {
    if (busy.has(socket) || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(toRefusal(error));
    // The client may keep its side open, and never read.
    const cut = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once('close', () => clearTimeout(cut));
  });
}

/** From an error of Node's parser: all but time and size is about the request's form. */
function toRefusal(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return write('request-timeout', 'Request Timeout');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return write('headers-too-large', 'Request Header Fields Too Large');
  }
  return write('bad-request', 'Bad Request');
}

function write(code: Parameters<typeof toGeneralProblem>[0], reason: string): string {
  const { status, headers, body } = toGeneralProblem(code);
  const text = JSON.stringify(body);
  return [
    `HTTP/1.1 ${status} ${reason}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}
