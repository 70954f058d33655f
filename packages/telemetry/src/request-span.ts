/**
 * Requests that continue their caller's trace, and the work inside of them.
 *
 * 1. A request without a sampled caller has no span: a trace begins where an order does, and nowhere else.
 * 2. Without tracing everything runs as it would, at no cost.
 */
import {
  type Context,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type SpanAttributes, toAttributes } from './span-attributes.ts';
import type { SpanRef } from './span-ref.ts';
import { readParent } from './trace-context.ts';
import type { Tracing } from './tracing.ts';

/** What a span within needs to begin another one, and whether the request's own is told by somebody else. */
interface Scene {
  readonly tracer: Tracer;
  isToldElsewhere: boolean;
  /** Answered, or cut: what is done from now on comes late. */
  isOver: boolean;
}
const sceneKey = createContextKey('baton.scene');

const readScene = (): Scene | undefined => {
  const scene = context.active().getValue(sceneKey);
  // The one place where it is set is below.
  return scene as Scene | undefined;
};

const toContext = ({ traceId, spanId }: SpanRef): Context =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });

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
export const startRequestSpan = (
  tracing: Tracing | undefined,
  { name, headers, attributes }: TracedRequest,
): RequestSpan | undefined => {
  const parent = tracing && readParent(headers);
  if (!tracing || !parent?.isSampled) return undefined;
  const remote = toContext(parent);
  const { tracer } = tracing;
  const kind = SpanKind.SERVER;
  const span = tracer.startSpan(name, { kind, attributes: toAttributes(attributes) }, remote);
  const scene: Scene = { tracer, isToldElsewhere: false, isOver: false };
  const within = trace.setSpan(remote, span).setValue(sceneKey, scene);
  return {
    run: (work) => context.with(within, work),
    end: (status) => {
      if (scene.isOver) return;
      scene.isOver = true;
      if (!scene.isToldElsewhere) endRequest(span, status);
    },
  };
};

const endRequest = (span: Span, status: number | null): void => {
  if (status !== null) span.setAttribute('http.response.status_code', status);
  const error = toRequestError(status);
  if (error) {
    span.setAttribute('error.type', error);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
};

/** By convention a server answers for what is 5xx; what is 4xx is its caller's. */
const toRequestError = (status: number | null): string | undefined => {
  if (status === null) return 'no-answer';
  return status >= 500 ? String(status) : undefined;
};

/** The request's span is not sent: somebody else tells of it, under an id that outlives the process. */
export const leaveRequestSpan = (): void => {
  const scene = readScene();
  if (scene) scene.isToldElsewhere = true;
};

/** A part of the request's work, as a span of its own. */
export const runInSpan = <T>(name: string, attributes: SpanAttributes, work: () => T): T => {
  const scene = readScene();
  if (!scene) return work();
  const late = scene.isOver ? { 'baton.late': true } : {};
  const span = scene.tracer.startSpan(name, {
    attributes: toAttributes({ ...attributes, ...late }),
  });
  try {
    return context.with(trace.setSpan(context.active(), span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
};

/** What the work came to, in the name of its span: seen without a look at what it says. */
export const renameSpan = (name: string): void => {
  trace.getActiveSpan()?.updateName(name);
};

/** Says more of the span that is being worked in, if there is one. */
export const markSpan = (attributes: SpanAttributes): void => {
  trace.getActiveSpan()?.setAttributes(toAttributes(attributes));
};
