/**
 * The headers of Jaeger's own, retired clients: `uber-trace-id: {trace}:{span}:{parent}:{flags}`, a header
 * `uberctx-{key}` for each baggage item, and `jaeger-baggage: k=v,k2=v2`, which is written by hand.
 */
import querystring from 'node:querystring';
import { type BaggageMember, encodeValue, isToken, listMembers } from './baggage.ts';
import type { SpanRef } from './span-ref.ts';

/** Leading zeros may be missing; the parent is said, and used by nobody. */
const spanPattern = /^([\da-f]{1,32}):([\da-f]{1,16}):[\da-f]{1,16}:([\da-f]{1,2})$/i;
const sampledOrDebug = 0b11;
const zeros = /^0+$/;

const itemPrefix = 'uberctx-';
const itemsMax = 16;
/** In characters, names included: with the W3C headers, it stays below what our clients and most servers take. */
const itemsLengthMax = 3_072;

export type Headers = Readonly<Record<string, string | undefined>>;

/** Some clients percent-encode the colons. */
export function readJaegerSpan(header: string | undefined): SpanRef | undefined {
  if (header === undefined) return undefined;
  const [, trace = '', span = '', flags = ''] =
    spanPattern.exec(querystring.unescape(header)) ?? [];
  const traceId = trace.toLowerCase().padStart(32, '0');
  const spanId = span.toLowerCase().padStart(16, '0');
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & sampledOrDebug) !== 0 };
}

export const toJaegerSpan = ({ traceId, spanId, isSampled }: SpanRef): string =>
  `${traceId}:${spanId}:0:${Number(isSampled)}`;

/** Jaeger's clients look items up under such a key only. */
const toItemKey = (key: string): string => key.replaceAll('_', '-').toLowerCase();

const listItems = (headers: Headers): readonly BaggageMember[] =>
  Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(itemPrefix) && value !== undefined
      ? [{ key: name.slice(itemPrefix.length), value: querystring.unescape(value) }]
      : [],
  );

/** Each item once, but for those that the W3C members name: these win, and came as items too if we sent them. */
export function listJaegerBaggage(
  headers: Headers,
  members: readonly BaggageMember[],
): readonly BaggageMember[] {
  const named = new Set(members.map(({ key }) => toItemKey(key)));
  const items = [...listItems(headers), ...listMembers(headers['jaeger-baggage'] ?? '')];
  return items.filter(({ key }) => {
    const isNew = isToken(key) && !named.has(toItemKey(key));
    named.add(toItemKey(key));
    return isNew;
  });
}

/** As much as may be sent, the first member first. */
export function toJaegerBaggage(members: readonly BaggageMember[]): Record<string, string> {
  const items = new Map<string, string>();
  let length = 0;
  for (const { key, value } of members) {
    const name = `${itemPrefix}${toItemKey(key)}`;
    const encoded = encodeValue(value);
    const longer = length + name.length + encoded.length;
    if (items.size === itemsMax) break;
    if (items.has(name) || longer > itemsLengthMax) continue;
    items.set(name, encoded);
    length = longer;
  }
  return Object.fromEntries(items);
}
