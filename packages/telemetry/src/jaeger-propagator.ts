/**
 * The headers of Jaeger's own, retired clients: `uber-trace-id: {trace}:{span}:{parent}:{flags}`, a header
 * `uberctx-{key}` for each baggage item, and `jaeger-baggage: k=v,k2=v2` and `jaeger-debug-id`, which are written by hand.
 *
 * 1. Where W3C's headers were read before, they win: Jaeger's add the rest.
 * 2. A caller that debugs is sampled, and so is every call of its request.
 */
import querystring from 'node:querystring';
import {
  type Baggage,
  type Context,
  createContextKey,
  propagation,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';

const spanHeader = 'uber-trace-id';
const itemPrefix = 'uberctx-';
const listHeader = 'jaeger-baggage';
const debugIdHeader = 'jaeger-debug-id';

/** Leading zeros may be missing; the parent is ignored. */
const spanPattern = /^([\da-f]{1,32}):([\da-f]{1,16}):[\da-f]{1,16}:([\da-f]{1,2})$/i;
const debug = 0b10;

const itemsMax = 16;
/** In characters, names included: with the W3C headers, it stays below what our clients and most servers take. */
const itemsLengthMax = 3_072;
/** In characters. */
const debugIdMax = 64;

const debugKey = createContextKey('the trace that is debugged');
const debugIdKey = createContextKey('what the caller looks for its trace by');

/** By this id a caller without a trace finds the trace that its request begins. */
export function readDebugId(context: Context): string | undefined {
  const id = context.getValue(debugIdKey);
  return typeof id === 'string' ? id : undefined;
}

/** All of a debugged trace is sampled. */
export const isDebugged = (context: Context): boolean =>
  context.getValue(debugKey) === true || readDebugId(context) !== undefined;

function readFirst<C>(carrier: C, getter: TextMapGetter<C>, name: string): string {
  const value = getter.get(carrier, name);
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** Some clients percent-encode the colons. */
function readSpan(header: string): { span: SpanContext; isDebugged: boolean } | undefined {
  const [, traceId = '', spanId = '', flags = ''] =
    spanPattern.exec(querystring.unescape(header)) ?? [];
  const bits = Number.parseInt(flags, 16);
  const span = {
    traceId: traceId.toLowerCase().padStart(32, '0'),
    spanId: spanId.toLowerCase().padStart(16, '0'),
    traceFlags: bits & (TraceFlags.SAMPLED | debug) ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
  return trace.isSpanContextValid(span) ? { span, isDebugged: (bits & debug) !== 0 } : undefined;
}

/** Reads the flag alone, not the whole header. */
const mayDebug = (header: string): boolean => (Number.parseInt(header.slice(-1), 16) & debug) !== 0;

function extractSpan(context: Context, header: string): Context {
  const known = trace.getSpanContext(context);
  if (known?.isRemote && !mayDebug(header)) return context;
  const read = readSpan(header);
  if (!read) return context;
  const { span } = read;
  const joined = known?.isRemote ? known : span;
  if (!read.isDebugged || joined.traceId !== span.traceId)
    return joined === known ? context : trace.setSpanContext(context, joined);
  const sampled = { ...joined, traceFlags: joined.traceFlags | TraceFlags.SAMPLED };
  return trace.setSpanContext(context, sampled).setValue(debugKey, true);
}

/** Jaeger's clients look items up under such a key only. */
const toItemKey = (key: string): string => key.replaceAll('_', '-').toLowerCase();

/** The SDK's reader of W3C's header loses what is named as every object's prototype. */
const validToken = /^(?!__proto__$)[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

function* listItems<C>(carrier: C, getter: TextMapGetter<C>): Generator<readonly [string, string]> {
  for (const name of getter.keys(carrier))
    if (name.startsWith(itemPrefix))
      yield [name.slice(itemPrefix.length), querystring.unescape(readFirst(carrier, getter, name))];
  const list = readFirst(carrier, getter, listHeader);
  for (const member of list === '' ? [] : list.split(',')) {
    const [name = '', ...value] = member.split('=');
    if (value.length > 0) yield [name.trim(), querystring.unescape(value.join('=').trim())];
  }
}

/** Each item once. Items of the W3C header are left out: it wins, and we send such items in both forms. */
function extractItems<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context {
  const given = propagation.getBaggage(context);
  let named: Set<string> | undefined;
  let baggage: Baggage | undefined;
  for (const [key, value] of listItems(carrier, getter)) {
    named ??= new Set(given?.getAllEntries().map(([name]) => toItemKey(name)));
    if (!validToken.test(key) || value === '' || named.has(toItemKey(key))) continue;
    named.add(toItemKey(key));
    baggage = (baggage ?? given ?? propagation.createBaggage()).setEntry(key, { value });
  }
  return baggage ? propagation.setBaggage(context, baggage) : context;
}

/** A string may hold half a character, which no encoding has. */
const encodeValue = (value: string): string => encodeURIComponent(value.toWellFormed());

/** As many entries as may be sent, from the first on. */
function injectItems<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
  const sent = new Set<string>();
  let length = 0;
  for (const [key, { value }] of propagation.getBaggage(context)?.getAllEntries() ?? []) {
    const name = `${itemPrefix}${toItemKey(key)}`;
    const encoded = encodeValue(value);
    const longer = length + name.length + encoded.length;
    if (sent.size === itemsMax) break;
    if (!validToken.test(key) || sent.has(name) || longer > itemsLengthMax) continue;
    setter.set(carrier, name, encoded);
    sent.add(name);
    length = longer;
  }
}

function injectSpan<C>(context: Context, carrier: C, setter: TextMapSetter<C>): void {
  const span = trace.getSpanContext(context);
  if (!span || !trace.isSpanContextValid(span)) return;
  const { traceId, spanId, traceFlags } = span;
  const flags = isDebugged(context) ? TraceFlags.SAMPLED | debug : traceFlags & TraceFlags.SAMPLED;
  setter.set(carrier, spanHeader, `${traceId}:${spanId}:0:${flags}`);
}

function extractDebugId<C>(context: Context, carrier: C, getter: TextMapGetter<C>): Context {
  const id = readFirst(carrier, getter, debugIdHeader);
  // As in Jaeger's clients, it begins a trace: where there is one, its flags say whether it is debugged.
  if (id === '' || trace.getSpanContext(context)) return context;
  return context.setValue(debugIdKey, querystring.unescape(id).slice(0, debugIdMax));
}

export const createJaegerPropagator = (): TextMapPropagator => ({
  fields: () => [spanHeader, listHeader, debugIdHeader],
  extract: (context, carrier, getter) => {
    const joined = extractSpan(context, readFirst(carrier, getter, spanHeader));
    return extractItems(extractDebugId(joined, carrier, getter), carrier, getter);
  },
  inject: (context, carrier, setter) => {
    if (isTracingSuppressed(context)) return;
    injectSpan(context, carrier, setter);
    injectItems(context, carrier, setter);
  },
});
