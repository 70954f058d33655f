/**
 * What a failed exchange says about its request: never sent for certain, or not known.
 *
 * 1. `unsent` as long as undici has not begun to write the request, whatever the error: it begins once it has a connection.
 * 2. Once it has begun, nothing proves that the request did not arrive: `unknown`, whatever the error.
 */
import { AxiosError } from 'axios';
import type { Dispatcher } from 'undici';
import type { Exchange } from './reply.ts';

/** State of one request: undici passes its `opaque` on. */
export interface Progress {
  hasBegun: boolean;
}

/** undici calls `onRequestStart` right before it writes to the socket, and never without one. */
export const watchBegins = (agent: Dispatcher): Dispatcher =>
  agent.compose(
    (dispatch) => (options: Dispatcher.DispatchOptions & { opaque?: Progress }, handler) => {
      const { opaque: progress } = options;
      const start = handler.onRequestStart?.bind(handler);
      handler.onRequestStart = (controller, context) => {
        if (progress) progress.hasBegun = true;
        start?.(controller, context);
      };
      return dispatch(options, handler);
    },
  );

/**
 * What a connection can fail with before there is one, in words of ours. An open connection can end with some of these
 * as well, so no code proves anything; a code that is not here is unsent all the same.
 */
const neverConnected: Readonly<Record<string, string>> = {
  // getaddrinfo(3) through Node, which says ENOTFOUND for EAI_NONAME and EAI_NODATA; a resolver of one's own says the rest.
  ENOTFOUND: 'host-not-found',
  ENODATA: 'host-not-found',
  EAI_AGAIN: 'lookup-failed',
  EAI_FAIL: 'lookup-failed',
  EAI_MEMORY: 'lookup-failed',
  EAI_SYSTEM: 'lookup-failed',
  ESERVFAIL: 'lookup-failed',
  EREFUSED: 'lookup-failed',
  ETIMEOUT: 'lookup-failed',
  // connect(2)
  ECONNREFUSED: 'connection-refused',
  ENETUNREACH: 'host-unreachable',
  EHOSTUNREACH: 'host-unreachable',
  ENETDOWN: 'host-unreachable',
  EHOSTDOWN: 'host-unreachable',
  EADDRNOTAVAIL: 'host-unreachable',
  ETIMEDOUT: 'connect-timed-out',
  ECONNRESET: 'connection-reset',
  // undici's errors: its own limit for a connection
  UND_ERR_CONNECT_TIMEOUT: 'connect-timed-out',
  // Node's tls: the handshake, and X509_V_ERR_* of OpenSSL's verification
  EPROTO: 'tls-failed',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls-failed',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls-failed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-refused',
  CERT_HAS_EXPIRED: 'certificate-refused',
  CERT_NOT_YET_VALID: 'certificate-refused',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-refused',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-refused',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-refused',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-refused',
};

const broken: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'connection-reset',
  ECONNRESET: 'connection-reset',
  EPIPE: 'connection-reset',
  ETIMEDOUT: 'timed-out',
  UND_ERR_HEADERS_TIMEOUT: 'timed-out',
  UND_ERR_BODY_TIMEOUT: 'timed-out',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'reply-too-large',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'malformed-reply',
  ERR_INVALID_ARG_VALUE: 'malformed-reply',
};

const errorCodeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Where several addresses failed, the first error stands for all. */
function toCode(error: unknown, hasBegun: boolean): string {
  const cause = error instanceof AxiosError && error.cause !== undefined ? error.cause : error;
  // undici's own class is not exported, and it carries no code for every parse error.
  if (cause instanceof Error && cause.name === 'HTTPParserError') return 'malformed-reply';
  const said = hasBegun ? broken : neverConnected;
  return said[errorCodeOf(cause)] ?? 'connection-failed';
}

export function toFailedExchange(
  error: unknown,
  { signal, hasBegun }: { readonly signal: AbortSignal; readonly hasBegun: boolean },
): Exchange {
  const kind = hasBegun ? 'unknown' : 'unsent';
  if (!signal.aborted) return { kind, code: toCode(error, hasBegun) };
  const isDeadline = signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return { kind, code: isDeadline ? 'timed-out' : 'aborted' };
}
