/** OpenTelemetry's stable HTTP conventions: attributes that a request's span must have, always or in some cases. */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

const required = {
  [SpanKind.CLIENT]: ['http.request.method', 'server.address', 'server.port', 'url.full'],
  [SpanKind.SERVER]: [
    'http.request.method',
    'http.route',
    'server.address',
    'server.port',
    'url.path',
    'url.scheme',
  ],
};

/** The attributes that the span of a call or of a request lacks. */
export function findLacking({ kind, status, attributes }: ReadableSpan): string[] {
  if (kind !== SpanKind.CLIENT && kind !== SpanKind.SERVER) return [];
  const isError = status.code === SpanStatusCode.ERROR;
  // A failure without an answer has no status.
  const names = [...required[kind], isError ? 'error.type' : 'http.response.status_code'];
  return names.filter((name) => attributes[name] === undefined);
}
