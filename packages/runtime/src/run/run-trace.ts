/**
 * The trace of an order: which one it is, and which ids its spans have. All of it follows from what the journal holds,
 * so that whoever goes on with an order goes on with its trace.
 *
 * 1. It is its caller's trace where the caller has one, sampled if that is; else one of its own, sampled by ratio.
 * 2. A span's id follows from the order and from what the span is about: nobody has to remember it.
 * 3. What is not traced here passes its caller's context on as it came.
 */
import { hash, randomBytes } from 'node:crypto';
import { runIdOfKey } from '@baton/contracts';
import type { Attempt } from '@baton/saga';
import {
  readTraceContext,
  type TraceContext,
  type Tracing,
  toTraceHeaders,
} from '@baton/telemetry';
import type { FindSpan } from './exemplar.ts';

type Context = Readonly<Record<string, string>>;

export interface RunTrace {
  readonly traceId: string;
  readonly rootSpanId: string;
  /** The caller's; null where the trace began with the order. */
  readonly parentSpanId: string | null;
  /** When the request arrived, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** How a context says that the order is traced here, since when, and in a trace of its own or in its caller's. */
const since = 'baton-traced-since';
const ownTraceId = 'baton-trace-id';

interface Arrival {
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** In milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** What is kept with the order of the request that placed it. */
export function toRunContext(
  { headers, receivedAt }: Arrival,
  tracing: Pick<Tracing, 'isSampled'> | undefined,
): Record<string, string> {
  const caller = readTraceContext(headers);
  const { parent, tracestate, baggage } = caller;
  const own = parent ? null : randomBytes(16).toString('hex');
  const isTraced = tracing && (own === null ? parent?.isSampled : tracing.isSampled(own));
  const { traceparent } = toTraceHeaders(caller);
  return {
    ...(traceparent && { traceparent }),
    ...(tracestate && { tracestate }),
    ...(baggage && { baggage }),
    ...(isTraced && { [since]: String(receivedAt), ...(own && { [ownTraceId]: own }) }),
  };
}

/** An order's context is one object for as long as the order is in memory, and read at each of its events. */
const callers = new WeakMap<Context, TraceContext>();

function readCaller(context: Context): TraceContext {
  const known = callers.get(context);
  if (known) return known;
  const caller = readTraceContext(context);
  callers.set(context, caller);
  return caller;
}

/** Undefined for an order that is not traced here. */
const readTraceId = (context: Context): string | undefined =>
  context[since] === undefined
    ? undefined
    : (readCaller(context).parent?.traceId ?? context[ownTraceId]);

/** Undefined for an order that is not traced here. */
export function readRunTrace(orderId: string, context: Context): RunTrace | undefined {
  const traceId = readTraceId(context);
  if (traceId === undefined) return undefined;
  return {
    traceId,
    rootSpanId: toRootSpanId(orderId),
    parentSpanId: readCaller(context).parent?.spanId ?? null,
    receivedAt: Number(context[since]),
  };
}

/** Of what there is at most one of in an order. */
export const toSpanId = (orderId: string, what: string): string =>
  hash('sha256', `${orderId} ${what}`).slice(0, 16);

/** The span that a call's request names as its parent: known before the call leaves, and after a crash. */
export const toCallSpanId = (orderId: string, ordinal: number): string =>
  toSpanId(orderId, `call ${ordinal}`);

const toRootSpanId = (orderId: string): string => toSpanId(orderId, 'order');

/** Where a figure of an order, or of one of its calls, leads. */
export const findSpan: FindSpan = (orderId, { context }, ordinal) => {
  const traceId = readTraceId(context);
  if (traceId === undefined) return undefined;
  const spanId = ordinal === undefined ? toRootSpanId(orderId) : toCallSpanId(orderId, ordinal);
  return { traceId, spanId, isSampled: true };
};

/** The headers of a call. */
export function propagate({
  key,
  ordinal = 0,
  context = {},
}: Partial<Attempt> & Pick<Attempt, 'key'>): Record<string, string> {
  const traceId = readTraceId(context);
  const caller = readCaller(context);
  if (traceId === undefined) return toTraceHeaders(caller);
  const spanId = toCallSpanId(runIdOfKey(key) ?? '', ordinal);
  return toTraceHeaders({ ...caller, parent: { traceId, spanId, isSampled: true } });
}
