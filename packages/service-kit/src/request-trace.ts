/** What the span of a request says, over Express and in a test's process. Only requests of a traced caller have one. */
import { attemptHeader, keyHeader, type Operation, runIdOfKey, stepOfKey } from '@baton/contracts';
import {
  type RequestSpan,
  type SpanAttributes,
  startRequestSpan,
  type Tracing,
} from '@baton/telemetry';
import type { Request, RequestHandler } from 'express';
import type { HttpRequest } from './answer.ts';

interface Arrived {
  readonly headers: HttpRequest['headers'];
  readonly attributes: SpanAttributes;
}

/** Whatever a caller may write as it likes is left out: other headers, query, body. */
export function beginTrace(
  tracing: Tracing | undefined,
  operation: Operation,
  { headers, attributes }: Arrived,
): RequestSpan | undefined {
  const { method, path } = operation;
  const key = headers[keyHeader] ?? '';
  const attempt = Number(headers[attemptHeader]);
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

/** What is read here, rather than a copy of all of them for each request. */
const headerNames = ['traceparent', 'uber-trace-id', keyHeader, attemptHeader];

function readHeaders({ headers }: Request): HttpRequest['headers'] {
  const read: Record<string, string> = {};
  for (const name of headerNames) {
    const value = headers[name];
    if (typeof value === 'string') read[name] = value;
  }
  return read;
}

const describe = (request: Request): SpanAttributes => ({
  'url.scheme': request.protocol,
  'url.path': request.path,
  'server.address': request.socket.localAddress,
  'server.port': request.socket.localPort,
});

/** The first handler of a route: what comes after it runs inside of its span. */
export const createTracer =
  (operation: Operation, tracing: Tracing | undefined): RequestHandler =>
  (request, response, next) => {
    const span =
      tracing &&
      beginTrace(tracing, operation, {
        headers: readHeaders(request),
        attributes: describe(request),
      });
    if (!span) return next();
    // Written out; that the connection is done with it may come milliseconds later.
    response.once('finish', () => span.end(response.statusCode));
    response.once('close', () => {
      // A stream has no end of its own: it ends when its reader leaves.
      const isAnswered = response.writableFinished || operation.kind === 'stream';
      span.end(isAnswered ? response.statusCode : null);
    });
    span.run(next);
  };
