/** What all spans of an order have in common: where they hang, which id they have, and how times become theirs. Pure. */
import type { Direction, Event, RunState, Saga } from '@baton/saga';
import type { SpanAttributes, SpanRecord } from '@baton/telemetry';
import { type RunTrace, toSpanId } from '../run/run-trace.ts';
import type { Waits } from './waits.ts';

/** What is known of an order after some of its events. */
export interface Progress {
  /** Undefined when it is not traced here. */
  readonly trace: RunTrace | undefined;
  readonly state: RunState;
  /** Of the last event, in milliseconds since the epoch. */
  readonly at: number;
  /** The last event was about a restart. */
  readonly isFreshlyRecovered: boolean;
  readonly waits: Waits;
}

/** An event, and what was known before it. */
export interface Scene {
  readonly order: string;
  readonly trace: RunTrace;
  readonly event: Event;
  readonly before: Progress;
  /** Undefined for a definition that is gone. */
  readonly saga: Saga<unknown> | undefined;
}

interface Outline {
  /** Of which there is one in the order: its id follows from it. */
  readonly what: string;
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly attributes: SpanAttributes;
  readonly error?: string | null;
}

/** In microseconds, so that what happens in one millisecond stands in the order of the journal. */
export const toUs = (ms: number, seq: number): number => ms * 1_000 + Math.min(seq, 999);

export function toSpan({ order, trace, event }: Scene, outline: Outline): SpanRecord {
  const { what, name, from, to, attributes, error = null } = outline;
  const startUs = toUs(from, event.seq);
  return {
    traceId: trace.traceId,
    spanId: toSpanId(order, what),
    parentSpanId: trace.rootSpanId,
    name,
    kind: 'internal',
    startUs,
    // What takes no time at all is taken for a clock that is wrong.
    endUs: Math.max(startUs + 1, toUs(to, event.seq)),
    attributes: { 'baton.order.id': order, ...attributes },
    error,
  };
}

/** Something that takes no time: `compensation decided`, `retry requested` … */
export const toMark = (
  scene: Scene,
  attributes: SpanAttributes,
  name: string = scene.event.type.replaceAll('-', ' '),
): SpanRecord =>
  toSpan(scene, {
    what: `${name} ${scene.event.seq}`,
    name,
    from: scene.event.at,
    to: scene.event.at,
    attributes,
  });

export const toStepName = (way: string, direction: Direction): string =>
  `${direction === 'undo' ? 'undo ' : ''}${way.replace(/:alt$/, ' alternate')}`;
