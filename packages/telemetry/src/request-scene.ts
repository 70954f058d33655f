/**
 * What the spans of a request share, from its beginning to its answer. A finished part is sent with its request: a
 * process that is killed in between leaves no span without a parent.
 */
import { type Context, createContextKey, type Span, type Tracer } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';

export interface Scene {
  readonly span: Span;
  readonly tracer: Tracer;
  /** False for the span of an instrumentation, which ends it by itself. */
  readonly isOwn: boolean;
  /** Answered, or cut: later spans are late. */
  isOver: boolean;
  /** Each hands a finished span to the next processor. */
  readonly held: (() => void)[];
}

const sceneKey = createContextKey('the request that is being worked on');

export const setScene = (context: Context, scene: Scene): Context =>
  context.setValue(sceneKey, scene);

/** The one place where its type is known is `setScene`. */
export const readScene = (context: Context): Scene | undefined =>
  context.getValue(sceneKey) as Scene | undefined;

/** A stream may go on for days: spans above this number are sent at once. */
const heldMax = 64;

export function holdParts(next: SpanProcessor): SpanProcessor {
  const scenes = new WeakMap<ReadableSpan, Scene>();
  return {
    onStart: (span, parent) => {
      const scene = readScene(parent);
      if (scene) scenes.set(span, scene);
      next.onStart(span, parent);
    },
    onEnd: (span) => {
      const scene = scenes.get(span);
      if (scene && !scene.isOver && scene.held.length < heldMax)
        scene.held.push(() => next.onEnd(span));
      else next.onEnd(span);
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

export function releaseParts({ held }: Scene): void {
  for (const pass of held.splice(0)) pass();
}
