/**
 * A step's call over HTTP, as an operation: posts JSON under the attempt's key, and reads the answer as one of the four
 * replies. Not a client for anything else. It does not retry: the engine does.
 *
 * 1. It never throws. It believes an ok or a refusal only as the participant protocol has them.
 * 2. `unsent` only while nobody has read the body: `fetch` reads it once it has a connection to write it to.
 * 3. One call is one request at most: no redirect is followed, and `fetch` cannot repeat a body that is read once.
 * 4. It reads no more than a limit of an answer, and no text of an answer gets into a reply, but for listed codes.
 */
import { ok, type Reply, refused } from './core/reply.ts';
import type { Attempt, Operation } from './core/saga.ts';
import type { Schema } from './core/schema.ts';

export interface PostOptions<O> {
  /** The schema of a 200's body. */
  readonly answer: Schema<O>;
  /** Codes of 409 problems that say: nothing happened, nothing will, and the service remembers this. Default: none. */
  readonly refusals?: readonly string[];
  /** Asked at each attempt, so that a token can be renewed. */
  readonly headers?: (attempt: Attempt) => HeaderRecord | Promise<HeaderRecord>;
  /** Default: Node's own. Another `fetch` must not retry, nor do anything before it has read the body. */
  readonly fetch?: typeof fetch;
}
type HeaderRecord = Readonly<Record<string, string>>;

const answerMaxBytes = 1_048_576;
/** Of context, in characters. */
const contextMax = 8_192;
const isReplay = { details: { replayed: 1 } };
const notWorthRetrying = [400, 401, 403, 404, 413, 415, 422];

/** Throws for a malformed `url`, so that no attempt has to. */
export function post<B, O>(url: string | URL, options: PostOptions<O>): Operation<B, O> {
  const address = new Request(url).url;
  return async (body, attempt) => {
    let failure = 'not-sent';
    async function* write(bytes: Uint8Array) {
      failure = 'connection-failed';
      yield bytes;
    }
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(body));
      const headers = await toHeaders(options, attempt, bytes.length);
      const stream = ReadableStream.from(write(bytes));
      const request = { method: 'POST', headers, body: stream, signal: attempt.signal } as const;
      const once = { duplex: 'half', redirect: 'manual' } as const;
      const response = await (options.fetch ?? fetch)(address, { ...request, ...once });
      failure = 'malformed-reply';
      return await toReply(response, options, body);
    } catch (error) {
      const code = attempt.signal.aborted ? 'timed-out' : (toCode(error) ?? failure);
      return { reply: failure === 'not-sent' ? 'unsent' : 'unknown', code };
    }
  };
}

async function toHeaders<O>({ headers }: PostOptions<O>, attempt: Attempt, length: number) {
  const content = { 'content-type': 'application/json', 'content-length': String(length) };
  const names = { 'idempotency-key': attempt.key, 'baton-attempt': String(attempt.number) };
  const given = { ...(await headers?.(attempt)), ...content, ...names };
  const all = toTravelling(attempt.context);
  for (const [name, value] of Object.entries(given)) all.set(name, value);
  return all;
}

/** Drops a context that is too large, or that no header can hold: it would make every attempt and undo fail. */
function toTravelling(context: HeaderRecord): Headers {
  try {
    return new Headers(Object.entries(context).flat().join('').length > contextMax ? {} : context);
  } catch {
    return new Headers();
  }
}

async function toReply<O>(
  response: Response,
  options: PostOptions<O>,
  sent: unknown,
): Promise<Reply<O>> {
  const { status, headers } = response;
  const retryAfterMs = toDelayMs(headers.get('retry-after'));
  const retriable = !notWorthRetrying.includes(status);
  const unknown = (code: string) => ({ reply: 'unknown', code, retriable, retryAfterMs }) as const;
  const type = headers.get('content-type')?.toLowerCase().split(/\s*;/)[0];
  const isProblem = [409, 422].includes(status) && type === 'application/problem+json';
  const isRead = status === 200 || isProblem;
  // The rest is read all the same: a connection whose answer was not read cannot be used again.
  const text = await readText(response).catch((error) => (isRead ? Promise.reject(error) : ''));
  if (!isRead) return unknown(`status-${status}`);
  if (text === undefined) return unknown('reply-too-large');
  const value = JSON.parse(text);
  const [theirs, ours] = [value, sent].map((either) => Object(either).orderId);
  if (theirs && ours && theirs !== ours) return unknown('wrong-order');
  if (status === 200) {
    const checked = await options.answer['~standard'].validate(value);
    return checked.issues || type !== 'application/json'
      ? unknown('malformed-reply')
      : { ...ok(checked.value), ...(headers.has('idempotency-replayed') && isReplay) };
  }
  // The effect under this key is another request's: every attempt of ours sends the same, so ours never happened.
  const refusals = status === 409 ? options.refusals : ['key-reused'];
  const isRefusal = value?.status === status && refusals?.includes(value.code);
  return isRefusal ? refused(value.code) : unknown(`status-${status}`);
}

/** Undefined when the body is too large. Throws when it is not UTF-8. */
async function readText({ body }: Response): Promise<string | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [text, bytes] = ['', 0];
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > answerMaxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Of a Retry-After: seconds, or a date. */
function toDelayMs(after: string | null): number | undefined {
  const delayMs = /^\d+$/.test(after ?? '')
    ? Number(after) * 1_000
    : Date.parse(after ?? '') - Date.now();
  return Number.isFinite(delayMs) ? Math.max(0, delayMs) : undefined;
}

/** Undefined where the stage that failed says it better. */
function toCode(error: unknown): string | undefined {
  const { code, name } = Object(Object(error).cause);
  if (code === 'ECONNREFUSED') return 'connection-refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'host-not-found';
  if (['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code)) return 'connection-reset';
  if (/_TIMEOUT$|^ETIMEDOUT$/.test(code)) return 'timed-out';
  return name === 'HTTPParserError' ? 'malformed-reply' : undefined;
}
