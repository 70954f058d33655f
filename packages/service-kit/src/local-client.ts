/** The client of an app in the same process, without HTTP: for simulations with real stores. */
import { INCARNATION_HEADER, type Operations } from '@baton/contracts';
import { type Client, createClientOver } from './client.ts';
import type { Exchange } from './reply.ts';
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

const exchange = async (
  routes: readonly Route[],
  call: Call,
  { now, incarnation }: { readonly now: () => number; readonly incarnation: string | undefined },
): Promise<Exchange> => {
  if (call.signal.aborted) return { kind: 'unknown', code: 'timed-out' };
  const route = routes.find(({ operation }) => operation.name === call.operation.name);
  if (route === undefined) return { kind: 'unsent', code: 'connection-refused' };
  const answer = await route.respond({
    headers: { ...call.headers },
    params: overTheWire(call.params),
    query: toTexts(call.query),
    body: overTheWire(call.body),
    signal: call.signal,
  });
  if (isStream(answer)) return { kind: 'unknown', code: 'malformed-reply' };
  const headers =
    incarnation === undefined
      ? answer.headers
      : { ...answer.headers, [INCARNATION_HEADER]: incarnation };
  return {
    kind: 'response',
    response: {
      status: answer.status,
      headers,
      text: JSON.stringify(answer.body),
      receivedAtMs: now(),
    },
  };
};

export const createLocalTransport = (
  routes: readonly Route[],
  { now = Date.now, incarnation }: { now?: () => number; incarnation?: string } = {},
): Transport => ({
  exchange: (call) => exchange(routes, call, { now, incarnation }),
  close: async () => {},
});

export const createLocalClient = <const T extends Operations>(
  operations: T,
  routes: readonly Route[],
  options?: { now?: () => number; incarnation?: string },
): Client<T> => createClientOver(operations, createLocalTransport(routes, options));
