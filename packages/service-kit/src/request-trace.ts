/** The span of a request, over Express and in a test's process. Only requests of a traced caller have one. */
import type { IncomingHttpHeaders } from 'node:http';
import { attemptHeader, keyHeader, type Operation, runIdOfKey, stepOfKey } from '@baton/contracts';
import {
  type RequestSpan,
  type SpanAttributes,
  startRequestSpan,
  type Tracing,
} from '@baton/telemetry';
import type { Request, RequestHandler, Response } from 'express';

interface Arrived {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly attributes: SpanAttributes;
}

function readOne(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** A caller's free texts are left out: other headers, query, body. */
export function beginTrace(
  tracing: Tracing | undefined,
  { path }: Operation,
  { method, headers, attributes }: Arrived,
): RequestSpan | undefined {
  const key = readOne(headers, keyHeader);
  const attempt = Number(readOne(headers, attemptHeader));
  return startRequestSpan(tracing, {
    name: `${method} ${path}`,
    headers,
    attributes: {
      'http.request.method': method,
      'http.route': path,
      'baton.order.id': runIdOfKey(key),
      'baton.step': stepOfKey(key),
      'baton.attempt': Number.isSafeInteger(attempt) && attempt > 0 ? attempt : undefined,
      ...attributes,
    },
  });
}

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

export function readServer({ hostname, port, protocol }: URL): SpanAttributes {
  return {
    'server.address': hostname.replaceAll(/[[\]]/g, ''),
    'server.port': Number(port) || usualPorts[protocol.slice(0, -1)],
  };
}

/** By the name that the client called, not by its address. Nearly all clients use one name. */
function createServerReader(): (request: Request) => SpanAttributes {
  let last: { readonly url: string; readonly attributes: SpanAttributes } | undefined;
  return ({ host, protocol }) => {
    const url = `${protocol}://${host}`;
    if (last?.url !== url) {
      const read = URL.parse(url);
      last = { url, attributes: read ? readServer(read) : {} };
    }
    return last.attributes;
  };
}

/** `end` is called once, with null when no answer reached the caller. A stream has no end of its own: its reader's leaving is one. */
export function watchEnd(
  response: Response,
  { kind }: Operation,
  end: (status: number | null) => void,
): void {
  // The answer is written; the connection may finish it milliseconds later.
  response.once('finish', () => end(response.statusCode));
  response.once('close', () => {
    if (!response.writableFinished) end(kind === 'stream' ? response.statusCode : null);
  });
}

/** The first handler of a route: later ones run inside its span. */
export function createTracer(operation: Operation, tracing: Tracing | undefined): RequestHandler {
  const readServerOf = createServerReader();
  return (request, response, next) => {
    const span =
      tracing &&
      beginTrace(tracing, operation, {
        method: request.method,
        headers: request.headers,
        attributes: {
          'url.scheme': request.protocol,
          'url.path': request.path,
          'network.protocol.version': request.httpVersion,
          ...readServerOf(request),
        },
      });
    if (!span) return next();
    watchEnd(response, operation, span.end);
    span.run(next);
  };
}
