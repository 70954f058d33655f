/** What all spans of an order have in common: where they hang, which id they have, and how times become theirs. Pure. */
import { type Direction, type Event, type RunState, readWay, type Saga } from '@baton/saga';
import type { SpanAttributes, SpanPlace, SpanRecord } from '@baton/telemetry';
import { type RunTrace, toSpanId } from '../run/run-trace.ts';
import type { Waits } from './waits.ts';

/** What is known of an order after some of its events. */
export interface Progress {
  /** The trace that the order goes on in; undefined for an order that is not traced here. */
  readonly trace: RunTrace | undefined;
  /** When this trace began, in milliseconds since the epoch. */
  readonly since: number;
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
  readonly since: number;
  readonly event: Event;
  readonly before: Progress;
  /** The state after the event. */
  readonly state: RunState;
  /** Undefined where the definition is gone. */
  readonly saga: Saga<unknown> | undefined;
}

interface Outline {
  /** Unique in the order: the span's id follows from it. */
  readonly what: string;
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly attributes: SpanAttributes;
  readonly links?: readonly SpanPlace[];
  readonly error?: string | null;
}

/** In microseconds, so that what happens in one millisecond stands in the order of the journal. */
export const toUs = (ms: number, seq: number): number => ms * 1_000 + Math.min(seq, 999);

export function toSpan({ order, trace, event }: Scene, outline: Outline): SpanRecord {
  const { what, name, from, to, attributes, links, error = null } = outline;
  const startUs = toUs(from, event.seq);
  return {
    traceId: trace.traceId,
    spanId: toSpanId(order, what),
    parentSpanId: trace.orderSpanId,
    name,
    kind: 'internal',
    startUs,
    // Viewers take a span of no time at all for a clock that is wrong.
    endUs: Math.max(startUs + 1, toUs(to, event.seq)),
    attributes: { 'baton.order.id': order, ...attributes },
    ...(links && { links }),
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

const toWayName = (way: string, direction: Direction): string =>
  `${direction === 'undo' ? 'undo ' : ''}${way.replace(/:alt$/, ' alternate')}`;

/** From here on, attempts have one name: an undo is tried without end, and each name is an operation to a collector. */
const namedMax = 10;

/** `pay`, `pay, attempt 2` … so that attempts can be told apart in a list. */
export function toAttemptName(way: string, direction: Direction, attempt: number): string {
  const name = toWayName(way, direction);
  if (attempt === 1) return name;
  return `${name}, attempt ${Math.min(attempt, namedMax)}${attempt < namedMax ? '' : ' or later'}`;
}

/** The number of the attempt that comes next. */
export function toNextAttempt(state: RunState, way: string, direction: Direction): number {
  const known = readWay(state, way);
  return (direction === 'undo' ? known.undo : known).attempts + 1;
}
