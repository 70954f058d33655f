/**
 * The trace of an order: which one it is, and which ids its spans have. All of it follows from the journal, so that a
 * process that goes on with an order goes on with its trace.
 *
 * 1. It is the caller's trace where there is one, sampled if that is; else a trace of its own, sampled by ratio.
 * 2. A span's id follows from the order and from the span's subject: nobody has to remember it.
 * 3. A trace holds so many calls and no more: the order then goes on in another part, whose id follows from the order
 *    and the part's number. Which part a call is in follows from the call's number.
 * 4. An order that is not traced here passes its caller's context on as it came.
 */
import { hash, randomBytes } from 'node:crypto';
import { runIdOfKey } from '@baton/contracts';
import type { Attempt, RunState } from '@baton/saga';
import {
  isDebugged,
  keepTraceContext,
  readCaller,
  readSpanRef,
  recallTraceContext,
  type TraceContext,
  type Tracing,
  toTraceHeaders,
  withSpan,
} from '@baton/telemetry';
import type { FindSpan } from './exemplar.ts';

type Context = Readonly<Record<string, string>>;

export interface RunTrace {
  readonly traceId: string;
  /** What all other spans of the order hang on in this trace. */
  readonly orderSpanId: string;
  /** The caller's; null where the trace began with the order, or with a later part of it. */
  readonly parentSpanId: string | null;
  /** 1 for the first. */
  readonly part: number;
}

/** Calls of an order in one trace. */
export const callsMax = 100;

/** The part of the trace that the last of so many calls is in. */
export const toPart = (calls: number): number => Math.max(1, Math.ceil(calls / callsMax));

/** How a context says that the order is traced here, since when, and in a trace of its own or in its caller's. */
const since = 'baton-traced-since';
const ownTraceId = 'baton-trace-id';

interface Arrival {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** In milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** What the order keeps of the request that placed it. */
export function toRunContext(
  { headers, receivedAt }: Arrival,
  tracing: Pick<Tracing, 'isSampled'> | undefined,
): Record<string, string> {
  const caller = readCaller(headers);
  const parent = readSpanRef(caller);
  if (!tracing) return keepTraceContext(caller);
  const traceId = parent?.traceId ?? randomBytes(16).toString('hex');
  if (isDebugged(caller) || tracing.isSampled(traceId, caller)) {
    const own = parent ? {} : { [ownTraceId]: traceId };
    return { ...keepTraceContext(caller), [since]: String(receivedAt), ...own };
  }
  // Participants must know: else each might begin a trace of its own, or go on with the caller's.
  const spanId = parent?.spanId ?? traceId.slice(0, 16);
  return keepTraceContext(withSpan(caller, { traceId, spanId, isSampled: false }));
}

/** For readers of an order's spans, whether or not these are sent anywhere. */
export const toTraced = (context: Context, receivedAt: number): Context =>
  context[since] === undefined
    ? { ...context, [since]: String(receivedAt), [ownTraceId]: '0'.repeat(32) }
    : context;

function oncePerObject<K extends object>(read: (from: K) => TraceContext) {
  const known = new WeakMap<K, TraceContext>();
  return (from: K): TraceContext => {
    const context = known.get(from) ?? read(from);
    known.set(from, context);
    return context;
  };
}

/** An order's context is one object for as long as the order is in memory, and read at each of its events. */
const recallCaller = oncePerObject(recallTraceContext);

const readParent = (context: Context) => readSpanRef(recallCaller(context));

/** Undefined for an order that is not traced here. */
function readTraceId(orderId: string, context: Context, part: number): string | undefined {
  if (context[since] === undefined) return undefined;
  const first = readParent(context)?.traceId ?? context[ownTraceId];
  if (first === undefined || part === 1) return first;
  return hash('sha256', `${orderId} ${first} ${part}`).slice(0, 32);
}

/** The order's trace after so many calls; undefined for an order that is not traced here. */
export function readRunTrace(
  orderId: string,
  { context, calls }: Pick<RunState, 'context' | 'calls'>,
): RunTrace | undefined {
  const part = toPart(calls);
  const traceId = readTraceId(orderId, context, part);
  if (traceId === undefined) return undefined;
  const parent = part === 1 ? readParent(context) : undefined;
  return {
    traceId,
    orderSpanId: toOrderSpanId(orderId, part),
    parentSpanId: parent?.spanId ?? null,
    part,
  };
}

/** Of what there is at most one of in an order. */
export const toSpanId = (orderId: string, what: string): string =>
  hash('sha256', `${orderId} ${what}`).slice(0, 16);

/** The span that a call's request names as its parent: known before the call leaves, and after a crash. */
export const toCallSpanId = (orderId: string, ordinal: number): string =>
  toSpanId(orderId, `call ${ordinal}`);

const toOrderSpanId = (orderId: string, part: number): string =>
  toSpanId(orderId, part === 1 ? 'order' : `order ${part}`);

/** Where a figure of an order, or of one of its calls, leads. */
export const findSpan: FindSpan = (orderId, { context, calls }, ordinal) => {
  const part = toPart(ordinal ?? calls);
  const traceId = readTraceId(orderId, context, part);
  if (traceId === undefined) return undefined;
  const spanId =
    ordinal === undefined ? toOrderSpanId(orderId, part) : toCallSpanId(orderId, ordinal);
  return { traceId, spanId, isSampled: true };
};

type Call = Pick<Attempt, 'key'> & Partial<Attempt>;

/** What a call belongs to: its own span, which is told later and under this id, and what travels with the order. */
export const toCallContext = oncePerObject(({ key, ordinal = 0, context = {} }: Call) => {
  const orderId = runIdOfKey(key) ?? '';
  const traceId = readTraceId(orderId, context, toPart(ordinal));
  const caller = recallCaller(context);
  if (traceId === undefined) return caller;
  return withSpan(caller, { traceId, spanId: toCallSpanId(orderId, ordinal), isSampled: true });
});

/** The headers of a call. */
export const propagate = (call: Call): Record<string, string> =>
  toTraceHeaders(toCallContext(call));
