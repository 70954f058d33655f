/** A typed client of any record of operations, over HTTP or in the process. */
import {
  attemptHeader,
  type BodyInputOf,
  type FencedOperation,
  incarnationHeader,
  isFenced,
  keyHeader,
  type Operation,
  type Operations,
  type ParamsInputOf,
  type QueryInputOf,
  type ReplyBodyOf,
  replayedHeader,
  runIdOfKey,
  type StatusOf,
  type StreamOperation,
} from '@baton/contracts';
import { z } from 'zod';
import { type Exchange, hasType, type Reply, readJson, readProblem, toReply } from './reply.ts';
import { type Measured, timeTransport } from './timed-transport.ts';
import { createHttpTransport, type HttpOptions, type Transport } from './transport.ts';

/** The same key on every attempt; the signal is the deadline. */
export interface Attempt {
  readonly key: string;
  readonly number: number;
  /** Unique among the order's calls. */
  readonly ordinal?: number;
  readonly signal: AbortSignal;
  /** Travels with the order through every hop, such as trace context: sent as headers by default. */
  readonly context?: Readonly<Record<string, string>>;
}
export interface ReadOptions {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

type SuccessOf<O extends Operation> = {
  [S in StatusOf<O>]: `${S}` extends `2${string}`
    ? { readonly ok: true; readonly status: S; readonly body: ReplyBodyOf<O, S> }
    : never;
}[StatusOf<O>];
export interface Unread {
  readonly ok: false;
  /** The problem's code, or why there was no answer. */
  readonly code: string;
  readonly status?: number;
}
export type ReadReply<O extends Operation> = SuccessOf<O> | Unread;

type Given<K extends string, T> = [T] extends [undefined]
  ? unknown
  : Record<never, never> extends T
    ? { readonly [P in K]?: T }
    : { readonly [P in K]: T };
export type RequestOf<O extends Operation> = Given<'params', ParamsInputOf<O>> &
  Given<'query', QueryInputOf<O>> &
  Given<'body', BodyInputOf<O>>;

export type MethodOf<O extends Operation> = O extends FencedOperation
  ? (body: BodyInputOf<O>, attempt: Attempt) => Promise<Reply<ReplyBodyOf<O, 200>>>
  : (request: RequestOf<O>, options: ReadOptions) => Promise<ReadReply<O>>;
/** Streams have a client of their own. */
export type ClientOf<T extends Operations> = {
  readonly [K in keyof T as T[K] extends StreamOperation ? never : K]: MethodOf<T[K]>;
};
export type Client<T extends Operations> = ClientOf<T> & {
  readonly close: () => Promise<void>;
  /** The incarnation in the service's last answer: another one means that the service has lost its data. */
  readonly incarnation?: () => string | undefined;
};

const LooseRequest = z.object({
  params: z.record(z.string(), z.string()).default({}),
  query: z.record(z.string(), z.union([z.string(), z.number()]).optional()).default({}),
  body: z.unknown().optional(),
});
type LooseRequest = z.infer<typeof LooseRequest>;

function toPath(
  template: string,
  params: LooseRequest['params'],
  query: LooseRequest['query'],
): string {
  const path = template.replaceAll(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  ).toString();
  return search === '' ? path : `${path}?${search}`;
}

function toAttemptReply(
  operation: FencedOperation,
  exchange: Exchange,
  key: string,
): Reply<unknown> {
  switch (exchange.kind) {
    case 'response':
      return toReply(operation, exchange.response, key);
    case 'unsent':
      return { reply: 'unsent', code: exchange.code };
    case 'unknown':
      return { reply: 'unknown', code: exchange.code, retriable: true };
    default:
      return exchange satisfies never;
  }
}

/** A call that is about to leave. */
export interface Asked {
  readonly operation: FencedOperation;
  readonly orderId: string;
  readonly attempt: number;
  readonly context: Readonly<Record<string, string>>;
}
/** The headers for what travels along with a call. */
export type Propagate = (attempt: Attempt) => Readonly<Record<string, string>>;
export type Annotate = (asked: Asked) => (exchange: Exchange) => Promise<string | undefined>;

/** In characters: well below what a server reads of headers. */
const contextMax = 8_192;

/** Too much of what travels along would make every attempt and every undo fail: it is left out. */
const boundContext = (
  context: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.entries(context).flat().join('').length > contextMax ? {} : context;

export interface Travelling {
  readonly annotate?: Annotate | undefined;
  readonly propagate?: Propagate | undefined;
}

const asItCame: Propagate = ({ context = {} }) => context;

const toDetails = ({ path }: FencedOperation, { peer }: Transport, exchange: Exchange) => ({
  path,
  ...(peer && { baseUrl: peer.baseUrl }),
  ...(exchange.kind === 'response' && {
    status: exchange.response.status,
    ...(exchange.response.headers[replayedHeader] === 'true' && { replayed: 'true' }),
  }),
});

const callFenced =
  (
    operation: FencedOperation,
    transport: Transport,
    { annotate, propagate = asItCame }: Travelling,
  ) =>
  async (body: unknown, attempt: Attempt): Promise<Reply<unknown>> => {
    const { key, number, context = {} } = attempt;
    const orderId = runIdOfKey(key) ?? '';
    const toNote = annotate?.({ operation, orderId, attempt: number, context });
    const exchange = await transport.exchange({
      operation,
      path: operation.path,
      params: {},
      query: {},
      headers: {
        ...boundContext(propagate(attempt)),
        [keyHeader]: key,
        [attemptHeader]: String(number),
      },
      body,
      signal: attempt.signal,
    });
    const reply = toAttemptReply(operation, exchange, key);
    const details = toDetails(operation, transport, exchange);
    const note = await toNote?.(exchange);
    return { ...reply, details, ...(note !== undefined && { note }) };
  };

interface LooseSuccess {
  readonly ok: true;
  readonly status: number;
  readonly body: unknown;
}

function toReadReply(operation: Operation, exchange: Exchange): LooseSuccess | Unread {
  if (exchange.kind !== 'response') return { ok: false, code: exchange.code };
  const { response } = exchange;
  const { status } = response;
  if (status < 200 || status >= 300) {
    return { ok: false, code: readProblem(response)?.code ?? `status-${status}`, status };
  }
  const replies: Readonly<Record<number, z.ZodType>> = operation.replies;
  const body = hasType(response, 'application/json')
    ? replies[status]?.safeParse(readJson(response.text))
    : undefined;
  if (!body?.success) return { ok: false, code: 'malformed-reply', status };
  return { ok: true, status, body: body.data };
}

const callPlainly =
  (operation: Operation, transport: Transport) =>
  async (request: unknown, { signal, headers = {} }: ReadOptions) => {
    const { params, query, body } = LooseRequest.parse(request ?? {});
    const path = toPath(operation.path, params, query);
    const call = { operation, path, params, query, body, headers, signal };
    const exchange = await transport.exchange(call);
    return toReadReply(operation, exchange);
  };

/** A longer text is no incarnation of ours. */
const incarnationMax = 64;

function watchIncarnation(transport: Transport) {
  let seen: string | undefined;
  const exchange: Transport['exchange'] = async (call) => {
    const result = await transport.exchange(call);
    const named = result.kind === 'response' && result.response.headers[incarnationHeader];
    if (named && named.length <= incarnationMax) seen = named;
    return result;
  };
  return { transport: { ...transport, exchange }, incarnation: () => seen };
}

/** The typed boundary: each method is made from the operation whose types it gets. */
export function createClientOver<const T extends Operations>(
  operations: T,
  inner: Transport,
  travelling: Travelling = {},
): Client<T> {
  const { transport, incarnation } = watchIncarnation(inner);
  return {
    ...Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => [
        name,
        isFenced(operation)
          ? callFenced(operation, transport, travelling)
          : callPlainly(operation, transport),
      ]),
    ),
    close: transport.close,
    incarnation,
  } as Client<T>;
}

export const createClient = <const T extends Operations>(
  operations: T,
  { annotate, propagate, metrics, name, ...options }: HttpOptions & Travelling & Measured,
): Client<T> =>
  createClientOver(operations, timeTransport(createHttpTransport(options), { metrics, name }), {
    annotate,
    propagate,
  });
