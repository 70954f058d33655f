/**
 * An order's spans, from its events. Pure: the same events give the same spans in whatever process, byte for byte.
 *
 * 1. Each event is told as soon as it is committed: no span waits for the end of another one.
 * 2. The root is over when the order was accepted; all the rest hangs on it, in the order of the journal.
 * 3. A call's span has the id that its request named as its parent, also where nobody saw the call's end.
 */
import { type Event, evolve, type RunState, type Saga, type TriedEvent } from '@baton/saga';
import type { SpanAttributes, SpanRecord } from '@baton/telemetry';
import { findInterrupted } from './interrupted-call.ts';
import { type OrderTrace, readOrderTrace, toCallSpanId, toSpanId } from './order-trace.ts';
import { findWay } from './order-view.ts';
import { describeCall, describeTry } from './span-words.ts';
import { noWaits, startWait, takeWaits, type Wait, type Waits } from './waits.ts';

/** What is known of an order after some of its events. */
export interface Progress {
  /** Undefined when it is not traced here. */
  readonly trace: OrderTrace | undefined;
  readonly state: RunState;
  /** Of the last event, in milliseconds since the epoch. */
  readonly at: number;
  readonly waits: Waits;
}

interface Scene {
  readonly order: string;
  readonly trace: OrderTrace;
  readonly event: Event;
  readonly before: Progress;
  readonly saga: Saga<unknown> | undefined;
}
type FindSaga = (state: RunState) => Saga<unknown> | undefined;

export interface Projection {
  readonly spans: readonly SpanRecord[];
  readonly after: Progress;
}

/** `before` is null for the first event. Throws where `evolve` does. */
export function project(
  { run: order, event }: { readonly run: string; readonly event: Event },
  before: Progress | null,
  findSaga: FindSaga,
): Projection {
  const state = evolve(before?.state ?? null, event);
  const trace = before ? before.trace : readOrderTrace(order, state.context);
  const { taken, left } = takeWaits(before?.waits ?? noWaits, event);
  const after = { trace, state, at: event.at, waits: startWait(left, event) };
  if (!trace) return { spans: [], after };
  if (!before) return { spans: [toRoot(order, trace, state)], after };
  const scene = { order, trace, event, before, saga: findSaga(state) };
  return { spans: [...taken.map((wait) => toWaitSpan(scene, wait)), ...toSpans(scene)], after };
}

/** All spans of an order, from all of its events. */
export function projectOrder(
  order: string,
  events: readonly Event[],
  findSaga: FindSaga,
): readonly SpanRecord[] {
  const spans: SpanRecord[] = [];
  events.reduce<Progress | null>((before, event) => {
    const projection = project({ run: order, event }, before, findSaga);
    spans.push(...projection.spans);
    return projection.after;
  }, null);
  return spans;
}

function toSpans(scene: Scene): SpanRecord[] {
  const { event } = scene;
  switch (event.type) {
    case 'accepted':
    case 'attempt-started':
    case 'step-parked':
    case 'undo-parked':
      return [];
    case 'cancel-requested':
    case 'retry-requested':
    case 'quarantined':
      return [toMark(scene, {})];
    case 'written-off':
      return [toMark(scene, { ...toWayAttributes(event.way), 'baton.direction': event.direction })];
    case 'alternate-chosen':
    case 'step-deferred':
      return [toMark(scene, { 'baton.step': event.step, 'baton.code': event.code })];
    case 'compensation-decided':
      return [toMark(scene, { 'baton.step': event.step ?? undefined, 'baton.code': event.code })];
    case 'completed':
    case 'compensated':
      return [toEnd(scene)];
    case 'recovered':
      return [...toInterruptedUndo(scene), toMark(scene, {})];
    default:
      return toCallSpans(scene, event);
  }
}

/** In microseconds, so that what happens in one millisecond stands in the order of the journal. */
const toUs = (ms: number, seq: number): number => ms * 1_000 + Math.min(seq, 999);

interface Outline {
  readonly what: string;
  readonly name: string;
  /** In milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly attributes: SpanAttributes;
  readonly error?: string | null;
}

function toSpan({ order, trace, event }: Scene, outline: Outline): SpanRecord {
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

function toRoot(order: string, trace: OrderTrace, state: RunState): SpanRecord {
  const { traceId, rootSpanId: spanId, parentSpanId, receivedAt } = trace;
  const startUs = toUs(receivedAt, 0);
  return {
    traceId,
    spanId,
    parentSpanId,
    name: 'POST /orders',
    kind: 'server',
    startUs,
    endUs: Math.max(startUs + 1, toUs(state.acceptedAt, 1)),
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/orders',
      'url.path': '/orders',
      'baton.order.id': order,
      'baton.saga': state.saga,
      'baton.saga.version': state.version,
    },
    error: null,
  };
}

/** Something that takes no time: `compensation decided`, `retry requested` … */
const toMark = (scene: Scene, attributes: SpanAttributes): SpanRecord =>
  toSpan(scene, {
    what: `event ${scene.event.seq}`,
    name: scene.event.type.replaceAll('-', ' '),
    from: scene.event.at,
    to: scene.event.at,
    attributes,
  });

/** As long as the order took, so that it can be seen at once how and when it ended. */
function toEnd(scene: Scene): SpanRecord {
  const { event, before } = scene;
  const { state } = before;
  const degraded = event.type === 'completed' ? state.deferred.join(' ') : '';
  return toSpan(scene, {
    what: 'end',
    name: `order ${event.type}`,
    from: state.acceptedAt,
    to: event.at,
    attributes: {
      'baton.order.status': event.type,
      'baton.code': state.reason?.code,
      'baton.step': state.reason?.step ?? undefined,
      'baton.calls': state.calls,
      ...(degraded && { 'baton.order.degraded': degraded }),
    },
  });
}

const toWaitSpan = (scene: Scene, { key, from, to, reason, code }: Wait): SpanRecord => {
  const [direction, way = ''] = key.split(' ');
  return toSpan(scene, {
    what: `wait ${key} ${from}`,
    name: reason === 'breaker-open' ? 'parked' : 'wait',
    from,
    to,
    attributes: {
      ...toWayAttributes(way),
      'baton.direction': direction,
      'baton.wait.reason': reason,
      'baton.code': code,
    },
  });
};

const toWayAttributes = (way: string): SpanAttributes => {
  const [step, alternate] = way.split(':');
  return { 'baton.step': step, 'baton.way': alternate ? 'alternate' : 'first' };
};

const toStepName = (way: string, isUndo: boolean): string =>
  `${isUndo ? 'undo ' : ''}${way.replace(/:alt$/, ' alternate')}`;

/** Waited longer than this for a place, in milliseconds, it is worth a span. */
const queuedMin = 20;

/** The time between what is known to have been before, and the call. */
function toQueued(scene: Scene, begunAt: number, startedAt: number): SpanRecord[] {
  if (startedAt - begunAt < queuedMin) return [];
  const attributes = { 'baton.wait.reason': 'no-place' };
  const what = `queued ${scene.event.seq}`;
  return [toSpan(scene, { what, name: 'queued', from: begunAt, to: startedAt, attributes })];
}

function toCallSpans(scene: Scene, event: TriedEvent): SpanRecord[] {
  const { before, saga } = scene;
  const isUndo = event.type.startsWith('undo-');
  const isInterrupted = event.type === 'step-unknown' && event.interrupted === true;
  const wait = before.waits[`${isUndo ? 'undo' : 'forward'} ${event.way}`];
  const begunAt = Math.min(event.startedAt, Math.max(before.at, wait?.to ?? 0));
  // Nobody saw it begin: it was not before what is known to have been.
  const from = isInterrupted ? begunAt : event.startedAt;
  const participant = findWay(saga ?? null, event.way)?.participant;
  const attributes: SpanAttributes = {
    ...toWayAttributes(event.way),
    'baton.participant': participant,
    'baton.direction': isUndo ? 'undo' : 'forward',
    'baton.attempt': event.attempt,
    ...describeTry(event),
  };
  const error = describeCall(event);
  const step = toSpan(scene, {
    what: `attempt ${event.seq}`,
    name: toStepName(event.way, isUndo),
    from,
    to: event.at,
    attributes,
    error,
  });
  return [
    ...(isInterrupted ? [] : toQueued(scene, begunAt, from)),
    step,
    toClientSpan(scene, step, event),
    ...(isInterrupted ? [toRecovered(scene)] : []),
  ];
}

const toRecovered = (scene: Scene): SpanRecord => ({
  ...toMark(scene, {}),
  name: 'recovered',
});

function toClientSpan({ order, before }: Scene, step: SpanRecord, event: TriedEvent): SpanRecord {
  const { path, address, port, status } = event.details ?? {};
  return {
    ...step,
    spanId: toCallSpanId(order, before.state.calls + 1),
    parentSpanId: step.spanId,
    name: path === undefined ? 'POST' : `POST ${path}`,
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      'url.path': path,
      'server.address': address,
      'server.port': port,
      'http.response.status_code': status,
      ...(step.error !== null && { 'error.type': String(status ?? readCode(event)) }),
      'baton.order.id': order,
      'baton.participant': step.attributes['baton.participant'],
      'baton.attempt': event.attempt,
      'baton.fault': step.attributes['baton.fault'],
    },
  };
}

const readCode = (event: TriedEvent): string => ('code' in event ? event.code : '');

/** An undo or a repair may have been under way: what it did there hangs on a span of ours all the same. */
function toInterruptedUndo(scene: Scene): SpanRecord[] {
  const { order, before, event, saga } = scene;
  const interrupted = findInterrupted(saga, before, event.at);
  if (!interrupted) return [];
  const { direction, way } = interrupted;
  const span = toSpan(scene, {
    what: '',
    name: way === null ? `${direction} interrupted` : toStepName(way, direction === 'undo'),
    from: before.at,
    to: event.at,
    attributes: {
      ...(way !== null && toWayAttributes(way)),
      'baton.direction': direction,
      'baton.reply': 'unknown',
      'baton.code': 'interrupted',
      'baton.interrupted': true,
    },
    error: 'the orchestrator ended; whether this was under way is not known',
  });
  return [{ ...span, spanId: toCallSpanId(order, before.state.calls + 1) }];
}
