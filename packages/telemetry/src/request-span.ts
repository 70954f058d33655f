/**
 * Requests that continue their caller's trace, and the work inside of them.
 *
 * 1. Only a request of a caller with a sampled trace has a span of the project's own: traces begin with orders.
 * 2. Where an instrumentation has opened a span for the request, that span is used, and the instrumentation ends it.
 * 3. Spans that a handler opens itself continue its caller's trace, sampled or not.
 * 4. Without tracing everything runs the same, at no cost.
 */
import {
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { emptyContext } from './light-context.ts';
import { toRequestError } from './request-error.ts';
import { readScene, releaseParts, type Scene, setScene } from './request-scene.ts';
import { type SpanAttributes, toAttributes } from './span-attributes.ts';
import type { SpanPlace } from './span-record.ts';
import { type Headers, readCaller, readSpanRef, withSpan } from './trace-context.ts';
import type { Tracing } from './tracing.ts';

export interface TracedRequest {
  /** Such as `POST /process`. */
  readonly name: string;
  /** By lower-case name. */
  readonly headers: Headers;
  readonly attributes: SpanAttributes;
}
export interface RequestSpan {
  /** Spans and logs within belong to the request. */
  readonly run: <T>(work: () => T) => T;
  /** Null when no answer reached the caller. Only the first one counts. */
  readonly end: (status: number | null) => void;
}

/** Undefined where neither the caller nor an instrumentation traces the request. */
export function startRequestSpan(
  tracing: Tracing | undefined,
  { name, headers, attributes }: TracedRequest,
): RequestSpan | undefined {
  if (!tracing) return undefined;
  const { tracer } = tracing;
  const opened = takeOpened(attributes);
  if (opened) return enter({ span: opened, tracer, isOwn: false }, context.active());
  const caller = readCaller(headers);
  const parent = readSpanRef(caller);
  if (!parent || !tracing.isSampled(parent.traceId, caller))
    return caller === emptyContext ? undefined : toUntraced(caller);
  const span = tracer.startSpan(
    name,
    { kind: SpanKind.SERVER, attributes: toAttributes(attributes) },
    caller,
  );
  return enter({ span, tracer, isOwn: true }, trace.setSpan(caller, span));
}

const toUntraced = (caller: Context): RequestSpan => ({
  run: (work) => context.with(caller, work),
  end: () => {},
});

/** The span of an instrumentation of HTTP, which has read the caller's headers. It learns the route, for its name too. */
function takeOpened(attributes: SpanAttributes): Span | undefined {
  const opened = getRPCMetadata(context.active());
  if (!opened) return undefined;
  opened.route ??= String(attributes['http.route']);
  return opened.span.setAttributes(toAttributes(attributes));
}

function enter(begun: Pick<Scene, 'span' | 'tracer' | 'isOwn'>, within: Context): RequestSpan {
  const scene: Scene = { ...begun, isOver: false, held: [] };
  const inner = setScene(within, scene);
  return {
    run: (work) => context.with(inner, work),
    end: (status) => {
      if (scene.isOver) return;
      scene.isOver = true;
      if (scene.isOwn) endRequest(scene.span, status);
      releaseParts(scene);
    },
  };
}

function endRequest(span: Span, status: number | null, at?: number): void {
  if (status !== null) span.setAttribute('http.response.status_code', status);
  const error = toRequestError(status);
  if (error) {
    span.setAttribute('error.type', error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end(at);
}

/** For a request without a caller's trace that has begun a trace, at `startedAt` ms since the epoch: below that trace's span. */
export function startRequestBelow(
  { tracer }: Pick<Tracing, 'tracer'>,
  place: SpanPlace,
  { name, attributes, startedAt }: Omit<TracedRequest, 'headers'> & { readonly startedAt: number },
): RequestSpan['end'] {
  const span = tracer.startSpan(
    name,
    { kind: SpanKind.SERVER, startTime: new Date(startedAt), attributes: toAttributes(attributes) },
    withSpan(emptyContext, { ...place, isSampled: true }),
  );
  // For a span with a given start the SDK takes the end in whole milliseconds: a quick request would have taken none.
  return (status) => endRequest(span, status, performance.now());
}

/** A part of the request's work, told in the request's span. Work after the request's end is a span of its own. */
export async function runTold<T>(
  name: string,
  attributes: SpanAttributes,
  work: () => Promise<T>,
): Promise<T> {
  const active = context.active();
  const scene = readScene(active);
  if (!scene?.isOver) return work();
  const span = startLate(scene, name, attributes);
  try {
    return await context.with(trace.setSpan(active, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function startLate({ tracer }: Scene, name: string, attributes: SpanAttributes): Span {
  const late = toAttributes({ ...attributes, 'baton.late': true });
  return tracer.startSpan(name, { attributes: late }, context.active());
}

/** Adds attributes to the active span, if there is one. After the request's end, a late span has them. */
export function markSpan(
  attributes: SpanAttributes,
  late?: { readonly name: string; readonly attributes: SpanAttributes },
): void {
  const scene = readScene(context.active());
  const span = trace.getActiveSpan();
  if (late && scene?.isOver && span === scene.span)
    startLate(scene, late.name, { ...late.attributes, ...attributes }).end();
  else if (scene) span?.setAttributes(toAttributes(attributes));
}
