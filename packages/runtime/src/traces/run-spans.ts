/**
 * An order's spans, from its events. Pure: the same events give the same spans in whatever process, byte for byte.
 *
 * 1. Each event is told as soon as it is committed: no span waits for the end of another one.
 * 2. The order's own span is sent when the order was accepted; all other spans hang on it, in the order of the journal.
 * 3. A call's span has the id that its request named as its parent, also where nobody saw the call's end.
 * 4. Each change of the order's status is told by one span, which says the new status.
 */

import { type Event, evolve, type RunState, type Saga } from '@baton/saga';
import type { SpanAttributes, SpanRecord } from '@baton/telemetry';
import { findTelling } from '../run/event-table.ts';
import { toWayAttributes } from '../run/event-words.ts';
import { readRunTrace, toPart } from '../run/run-trace.ts';
import { toCallSpans, toRestartSpans } from './call-spans.ts';
import {
  findNewStatus,
  toContinuation,
  toEnd,
  toOrder,
  toStatusMark,
  withFailure,
} from './order-spans.ts';
import { type Progress, type Scene, toMark, toSpan } from './span-outline.ts';
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
  const { taken, left } = takeWaits(before?.waits ?? noWaits, event);
  const after: Progress = {
    ...readTrace(order, before, state),
    state,
    at: event.at,
    isFreshlyRecovered: event.type === 'recovered' || 'interrupted' in event,
    waits: startWait(left, event),
  };
  const { trace, since } = after;
  if (!trace) return { spans: [], after };
  if (!before) return { spans: [toOrder(order, trace, state)], after };
  const scene = { order, trace, since, event, before, state, saga: findSaga(state) };
  const told = [...taken.map((wait) => toWaitSpan(scene, wait)), ...toSpans(scene)];
  return { spans: [...toContinuation(scene), ...told, ...toStatusMark(scene, told)], after };
}

/** The trace of the order's calls so far: another one only where a call has begun its next part. */
function readTrace(
  order: string,
  before: Progress | null,
  state: RunState,
): Pick<Progress, 'trace' | 'since'> {
  const part = before?.trace?.part;
  return before && (part === undefined || part === toPart(state.calls))
    ? before
    : { trace: readRunTrace(order, state), since: before?.at ?? state.acceptedAt };
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
    mark: (attributes) => [toDecision(scene, attributes)],
    restart: (event) => toRestartSpans(scene, event),
    end: () => [toEnd(scene)],
  });

/** What was decided or asked for, and what it made of the order. */
function toDecision(scene: Scene, attributes: SpanAttributes): SpanRecord {
  const status = findNewStatus(scene);
  const mark = toMark(scene, { ...attributes, 'baton.order.status': status });
  return scene.event.type === 'compensation-decided' ? withFailure(scene, mark) : mark;
}

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
