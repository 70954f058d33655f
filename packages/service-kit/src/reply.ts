/**
 * What came back from an attempt, as one of four replies. Never a throw, never two.
 *
 * 1. `ok` and `refused` are believed only when they fit the contract and name our own run.
 * 2. `unsent` only when the request provably never left.
 * 3. Everything else is `unknown`: the effect may exist.
 */
import {
  type FencedOperation,
  keyHeader,
  type Operation,
  Problem,
  problemsOf,
  problemType,
  type ReplyBodyOf,
  runIdOfKey,
} from '@baton/contracts';
import { z } from 'zod';

/** What else is known of the attempt. No decision depends on it. */
interface Noted {
  /** Such as the fault that was injected. */
  readonly note?: string | undefined;
  /** The address that was called, and the answer's status. */
  readonly details?: Readonly<Record<string, string | number>> | undefined;
}

export type Reply<T> =
  | ({ readonly reply: 'ok'; readonly output: T } & Noted)
  | ({ readonly reply: 'refused'; readonly code: string } & Noted)
  | ({ readonly reply: 'unsent'; readonly code: string; readonly retryAfterMs?: number } & Noted)
  | ({
      readonly reply: 'unknown';
      readonly code: string;
      /** False where a retry cannot help. */
      readonly retriable: boolean;
      readonly retryAfterMs?: number;
    } & Noted);

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** For a Retry-After that is a date. */
  readonly receivedAtMs: number;
}

/** A transport's result: a response, or why there is none. */
export type Exchange =
  | { readonly kind: 'response'; readonly response: RawResponse }
  | { readonly kind: 'unsent'; readonly code: string }
  | { readonly kind: 'unknown'; readonly code: string };

const notWorthRetrying: ReadonlySet<number> = new Set([400, 401, 403, 404, 413, 415, 422]);
/** A server that says a year must not stop us for a year. */
const retryAfterMaxMs = 24 * 60 * 60 * 1_000;

function toRetryAfterMs(value: string | undefined, receivedAtMs: number): number | undefined {
  if (value === undefined) return undefined;
  const delayMs = /^\d{1,10}$/.test(value)
    ? Number(value) * 1_000
    : Date.parse(value) - receivedAtMs;
  if (Number.isNaN(delayMs)) return undefined;
  return Math.min(Math.max(delayMs, 0), retryAfterMaxMs);
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const hasType = ({ headers }: RawResponse, type: string): boolean =>
  headers['content-type']?.split(';')[0]?.trim().toLowerCase() === type;

function unknown(code: string, response: RawResponse): Reply<never> {
  const retryAfterMs = toRetryAfterMs(response.headers['retry-after'], response.receivedAtMs);
  return {
    reply: 'unknown',
    code,
    retriable: !notWorthRetrying.has(response.status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** Undefined when the answer is no problem document of its own status. */
export function readProblem(response: RawResponse): Problem | undefined {
  if (!hasType(response, problemType)) return undefined;
  const problem = Problem.safeParse(readJson(response.text));
  return problem.success && problem.data.status === response.status ? problem.data : undefined;
}

/**
 * `key-reused` proves that the effect under this key is another request's, since all our attempts are the same. So our
 * effect never happened, and never will.
 */
function isRefusal(operation: Operation, { code, status }: Problem): boolean {
  if (status === 422 && code === 'key-reused') return true;
  const specs = problemsOf(operation);
  const spec = Object.hasOwn(specs, code) ? specs[code] : undefined;
  return spec?.refusal === true && spec.status === status;
}

const Named = z.looseObject({ orderId: z.string() });

/** An answer says so by the key that it repeats, or by `orderId` in its body; where it says both, both are right. */
function isOurs({ headers }: RawResponse, key: string, body: unknown): boolean {
  const echoed = headers[keyHeader];
  const named = Named.safeParse(body).data?.orderId;
  if (echoed === undefined && named === undefined) return false;
  return (echoed ?? key) === key && (named ?? runIdOfKey(key)) === runIdOfKey(key);
}

function toFailure(operation: Operation, response: RawResponse, key: string): Reply<never> {
  const problem = readProblem(response);
  if (problem === undefined || !isRefusal(operation, problem)) {
    return unknown(`status-${response.status}`, response);
  }
  // Believing another run's refusal would leave our own effect behind.
  if (!isOurs(response, key, problem)) return unknown('wrong-order', response);
  return { reply: 'refused', code: problem.code };
}

/** The typed boundary: `data` was just parsed by this operation's own schema. */
const toOutput = <O extends FencedOperation>(data: unknown): ReplyBodyOf<O, 200> =>
  data as ReplyBodyOf<O, 200>;

function toOk<O extends FencedOperation>(
  operation: O,
  response: RawResponse,
  key: string,
): Reply<ReplyBodyOf<O, 200>> {
  if (!hasType(response, 'application/json')) return unknown('malformed-reply', response);
  const body = operation.replies[200].safeParse(readJson(response.text));
  if (!body.success) return unknown('malformed-reply', response);
  if (!isOurs(response, key, body.data)) return unknown('wrong-order', response);
  return { reply: 'ok', output: toOutput<O>(body.data) };
}

export function toReply<O extends FencedOperation>(
  operation: O,
  response: RawResponse,
  key: string,
): Reply<ReplyBodyOf<O, 200>> {
  if (response.status === 200) return toOk(operation, response, key);
  if (response.status >= 200 && response.status < 300) return unknown('malformed-reply', response);
  return toFailure(operation, response, key);
}
