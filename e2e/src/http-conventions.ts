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

/** Why no answer came. Any other error is about an answer, or is one's status. */
const unanswered = /^(no-answer|timed-out|aborted|lookup-failed|(connect|host|certificate|tls).*)$/;

/** What the span of a call or of a request lacks, and what it says although it must not. */
export function findLacking({ kind, status, attributes }: ReadableSpan): string[] {
  if (kind !== SpanKind.CLIENT && kind !== SpanKind.SERVER) return [];
  const isError = status.code === SpanStatusCode.ERROR;
  const isAnswered = !unanswered.test(String(attributes['error.type']));
  const names = [
    ...required[kind],
    ...(isError ? ['error.type'] : []),
    ...(isAnswered ? ['http.response.status_code', 'network.protocol.version'] : []),
  ];
  return [
    ...names.filter((name) => attributes[name] === undefined),
    ...findResent(kind, attributes),
  ];
}

/** The first request is sent once, each later one is sent again. */
function findResent(kind: SpanKind, attributes: ReadableSpan['attributes']): string[] {
  const attempt = Number(attributes['baton.attempt'] ?? 1);
  const expected = kind === SpanKind.CLIENT && attempt > 1 ? attempt - 1 : undefined;
  const name = 'http.request.resend_count';
  return attributes[name] === expected ? [] : [name];
}
