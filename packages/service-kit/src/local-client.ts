/** The client of an app in the same process, without HTTP: for simulations with real stores. */
import { incarnationHeader, type Operations } from '@baton/contracts';
import type { Tracing } from '@baton/telemetry';
import { type Client, createClientOver } from './client.ts';
import type { Exchange } from './reply.ts';
import { beginTrace } from './request-trace.ts';
import { isStream, type Route } from './route.ts';
import type { Call, Transport } from './transport.ts';

const overTheWire = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

/** Query values are texts once they have been in a URL. */
const toTexts = (query: unknown): unknown =>
  Object.fromEntries(
    Object.entries(query ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );

interface LocalOptions {
  readonly now?: () => number;
  readonly incarnation?: string;
  readonly tracing?: Tracing | undefined;
}

async function exchange(
  routes: readonly Route[],
  call: Call,
  { now = Date.now, incarnation, tracing }: LocalOptions,
): Promise<Exchange> {
  if (call.signal.aborted) return { kind: 'unsent', code: 'timed-out' };
  const route = routes.find(({ operation }) => operation.name === call.operation.name);
  if (route === undefined) return { kind: 'unsent', code: 'connection-refused' };
  const attributes = { 'url.path': call.path };
  const { method } = route.operation;
  const span = beginTrace(tracing, route.operation, { method, headers: call.headers, attributes });
  const request = {
    headers: { ...call.headers },
    params: overTheWire(call.params),
    query: toTexts(call.query),
    body: overTheWire(call.body),
    signal: call.signal,
  };
  const answer = await (span ? span.run(() => route.respond(request)) : route.respond(request));
  if (isStream(answer)) return { kind: 'unknown', code: 'malformed-reply' };
  span?.end(answer.status);
  const headers =
    incarnation === undefined
      ? answer.headers
      : { ...answer.headers, [incarnationHeader]: incarnation };
  return {
    kind: 'response',
    response: {
      status: answer.status,
      headers,
      text: JSON.stringify(answer.body),
      receivedAtMs: now(),
    },
  };
}

export const createLocalTransport = (
  routes: readonly Route[],
  options: LocalOptions = {},
): Transport => ({
  exchange: (call) => exchange(routes, call, options),
  close: async () => {},
});

export const createLocalClient = <const T extends Operations>(
  operations: T,
  routes: readonly Route[],
  options?: LocalOptions,
): Client<T> => createClientOver(operations, createLocalTransport(routes, options));
