/**
 * Requests that continue their caller's trace, and the work inside of them.
 *
 * 1. A request without a sampled caller has no span: a trace begins where an order does, and nowhere else.
 * 2. Without tracing everything runs as it would, at no cost.
 */
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { createScene, LiveSpan, release, toRemoteContext } from './live-span.ts';
import type { SpanAttributes } from './span-attributes.ts';
import { readParent } from './trace-context.ts';
import type { Tracing } from './tracing.ts';

function readLiveSpan(): LiveSpan | undefined {
  const span = trace.getActiveSpan();
  return span instanceof LiveSpan ? span : undefined;
}

export interface TracedRequest {
  /** Such as `POST /process`. */
  readonly name: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly attributes: SpanAttributes;
}
export interface RequestSpan {
  /** Spans and logs within belong to the request. */
  readonly run: <T>(work: () => T) => T;
  /** Null when no answer reached the caller. Only the first one counts. */
  readonly end: (status: number | null) => void;
}

/** Undefined where the caller is not traced. */
export function startRequestSpan(
  tracing: Tracing | undefined,
  { name, headers, attributes }: TracedRequest,
): RequestSpan | undefined {
  const parent = tracing && readParent(headers);
  if (!tracing || !parent?.isSampled) return undefined;
  const scene = createScene(tracing);
  const span = new LiveSpan(scene, name, toRemoteContext(parent)).setAttributes(attributes);
  const within = trace.setSpan(ROOT_CONTEXT, span);
  return {
    run: (work) => context.with(within, work),
    end: (status) => {
      if (scene.isOver) return;
      scene.isOver = true;
      if (!scene.isToldElsewhere) endRequest(span, status);
      release(scene);
    },
  };
}

function endRequest(span: LiveSpan, status: number | null): void {
  if (status !== null) span.setAttribute('http.response.status_code', status);
  const error = toRequestError(status);
  if (error) {
    span.setAttribute('error.type', error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** By convention a server answers for what is 5xx; what is 4xx is its caller's. */
function toRequestError(status: number | null): string | undefined {
  if (status === null) return 'no-answer';
  return status >= 500 ? String(status) : undefined;
}

/** The request's span is not sent: somebody else tells of it, under an id that outlives the process. */
export function leaveRequestSpan(): void {
  const scene = readLiveSpan()?.scene;
  if (scene) scene.isToldElsewhere = true;
}

/** A part of the request's work, as a span of its own. */
export function runInSpan<T>(name: string, attributes: SpanAttributes, work: () => T): T {
  const parent = readLiveSpan();
  if (!parent) return work();
  const { scene } = parent;
  const span = new LiveSpan(scene, name, parent.spanContext()).setAttributes(attributes);
  if (scene.isOver) span.setAttribute('baton.late', true);
  try {
    return context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** What the work came to, in the name of its span: seen without a look at what it says. */
export function renameSpan(name: string): void {
  readLiveSpan()?.updateName(name);
}

/** Says more of the span that is being worked in, if there is one. */
export function markSpan(attributes: SpanAttributes): void {
  readLiveSpan()?.setAttributes(attributes);
}
