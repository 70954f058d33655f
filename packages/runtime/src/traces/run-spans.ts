/**
 * An order's spans, from its events. Pure: the same events give the same spans in whatever process, byte for byte.
 *
 * 1. Each event is told as soon as it is committed: no span waits for the end of another one.
 * 2. The root is over when the order was accepted; all the rest hangs on it, in the order of the journal.
 * 3. A call's span has the id that its request named as its parent, also where nobody saw the call's end.
 */

import { type Event, evolve, type RunState, type Saga } from '@baton/saga';
import type { SpanRecord } from '@baton/telemetry';
import { findTelling } from '../run/event-table.ts';
import { findGivenUp, toWayAttributes } from '../run/event-words.ts';
import { type RunTrace, readRunTrace } from '../run/run-trace.ts';
import { toCallSpans, toRestartSpans } from './call-spans.ts';
import { type Progress, type Scene, toMark, toSpan, toUs } from './span-outline.ts';
import { noWaits, startWait, takeWaits, type Wait } from './waits.ts';

export type FindSaga = (state: RunState) => Saga<unknown> | undefined;

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
  const trace = before ? before.trace : readRunTrace(order, state.context);
  const { taken, left } = takeWaits(before?.waits ?? noWaits, event);
  const isFreshlyRecovered = event.type === 'recovered' || 'interrupted' in event;
  const after = { trace, state, at: event.at, isFreshlyRecovered, waits: startWait(left, event) };
  if (!trace) return { spans: [], after };
  if (!before) return { spans: [toRoot(order, trace, state)], after };
  const scene = { order, trace, event, before, saga: findSaga(state) };
  return { spans: [...taken.map((wait) => toWaitSpan(scene, wait)), ...toSpans(scene)], after };
}

/** All spans of an order, from all of its events. */
export function projectRun(
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

const toSpans = (scene: Scene): readonly SpanRecord[] =>
  findTelling(scene.event.type).spans(scene.event, {
    call: (event) => toCallSpans(scene, event),
    mark: (attributes) => [toMark(scene, attributes)],
    restart: (event) => toRestartSpans(scene, event),
    end: () => [toEnd(scene)],
  });

function toRoot(order: string, trace: RunTrace, state: RunState): SpanRecord {
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

/** As long as the order took, so that it can be seen at once how and when it ended. */
function toEnd(scene: Scene): SpanRecord {
  const { event, before } = scene;
  const { state } = before;
  const alternates = Object.keys(state.alternates).join(' ');
  const degraded = event.type === 'completed' ? state.deferred.join(' ') : '';
  return toSpan(scene, {
    what: 'end',
    name: 'order',
    from: state.acceptedAt,
    to: event.at,
    attributes: {
      'baton.order.status': event.type,
      'baton.code': state.reason?.code,
      'baton.step': state.reason?.step ?? undefined,
      'baton.calls': state.calls,
      ...(alternates && { 'baton.order.alternates': alternates }),
      ...(degraded && { 'baton.order.degraded': degraded }),
    },
    error: event.type === 'compensated' ? describeUndone(state) : null,
  });
}

const describeUndone = (state: RunState): string =>
  `${state.reason?.code}: everything was undone${findGivenUp(state).length > 0 ? ' but what was written off' : ''}`;

function toWaitSpan(scene: Scene, wait: Wait): SpanRecord {
  const { key, from, to, reason, code, plannedTo } = wait;
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
      'baton.wait.planned_ms': Number.isFinite(plannedTo) ? plannedTo - from : undefined,
      'baton.code': code,
    },
  });
}
