/** The spans of a whole order: its own, which all others hang on, its changes of status, and where its trace goes on. Pure. */
import { type RunState, type Status, toStatus } from '@baton/saga';
import type { SpanAttributes, SpanPlace, SpanRecord } from '@baton/telemetry';
import { findGivenUp, toCause, toWayAttributes } from '../run/event-words.ts';
import { type RunTrace, readRunTrace } from '../run/run-trace.ts';
import { type Scene, toMark, toSpan, toUs } from './span-outline.ts';

/** Sent at once, so that it is there while the order is open: the order's end has a span of its own. */
export function toOrder(order: string, trace: RunTrace, state: RunState): SpanRecord {
  const { traceId, orderSpanId: spanId, parentSpanId } = trace;
  const startUs = toUs(state.acceptedAt, 0);
  return {
    traceId,
    spanId,
    parentSpanId,
    name: 'order',
    kind: 'internal',
    startUs,
    endUs: startUs + 1,
    attributes: { 'baton.order.id': order, ...toIdentity(state) },
    error: null,
  };
}

const toIdentity = (state: RunState): SpanAttributes => ({
  'baton.saga': state.saga,
  'baton.saga.version': state.version,
  'baton.order.status': toStatus(state),
});

const toPlace = ({ traceId, orderSpanId: spanId }: RunTrace): SpanPlace => ({ traceId, spanId });

/** With the event's call, the order goes on in a new part of its trace: each part links to the other. */
export function toContinuation(scene: Scene): SpanRecord[] {
  const { order, trace, before, since } = scene;
  const earlier = before.trace;
  if (!earlier || earlier.part === trace.part) return [];
  const attributes = { 'baton.order.part': trace.part };
  const mark = {
    ...toMark({ ...scene, trace: earlier }, attributes, 'order goes on in another trace'),
    links: [toPlace(trace)],
  };
  const startUs = toUs(since, 0);
  const next = {
    ...toOrder(order, trace, before.state),
    startUs,
    endUs: startUs + 1,
    links: [toPlace(earlier)],
  };
  return [mark, { ...next, attributes: { ...next.attributes, ...attributes } }];
}

/** The order's new status, where the event changed it. That an accepted order runs is told by its first attempt. */
export function findNewStatus({ before, state }: Scene): Status | undefined {
  const [was, is] = [toStatus(before.state), toStatus(state)];
  return was === is || (was === 'accepted' && is === 'running') ? undefined : is;
}

/** A change of status that no span of the event's own tells. */
export function toStatusMark(scene: Scene, told: readonly SpanRecord[]): SpanRecord[] {
  const status = findNewStatus(scene);
  const isTold = told.some(({ attributes }) => attributes['baton.order.status'] !== undefined);
  if (!status || isTold) return [];
  const { event } = scene;
  const attributes = {
    ...('way' in event && toWayAttributes(event.way)),
    'baton.code': 'code' in event ? event.code : undefined,
    'baton.order.status': status,
  };
  const mark = toMark(scene, attributes, `order ${status}`);
  return status === 'stuck'
    ? [{ ...mark, error: 'its undo is owed, and goes on ever more rarely' }]
    : [mark];
}

/** As long as the order, or its last trace: it shows at once how and when the order ended. */
export function toEnd(scene: Scene): SpanRecord {
  const { event, before, order, trace, since } = scene;
  const { state } = before;
  const alternates = Object.keys(state.alternates).join(' ');
  const degraded = event.type === 'completed' ? state.deferred.join(' ') : '';
  const first = trace.part === 1 ? undefined : readRunTrace(order, { ...state, calls: 0 });
  const span = toSpan(scene, {
    what: 'end',
    name: `order ${event.type}`,
    from: since,
    to: event.at,
    attributes: {
      'baton.order.status': toStatus(scene.state),
      'baton.code': state.reason?.code,
      'baton.step': state.reason?.step ?? undefined,
      'baton.calls': state.calls,
      ...(alternates && { 'baton.order.alternates': alternates }),
      ...(degraded && { 'baton.order.degraded': degraded }),
    },
    ...(first && { links: [toPlace(first)] }),
  });
  return withFailure(scene, span);
}

/** That an order is undone is an error where something failed. A refusal of the business is none, nor is a cancellation. */
export function withFailure({ state }: Scene, span: SpanRecord): SpanRecord {
  const { reason } = state;
  if (!reason || toCause(reason.step, state) !== 'failed') return span;
  const but = findGivenUp(state).length > 0 ? ', but what was written off' : '';
  return {
    ...span,
    attributes: { ...span.attributes, 'error.type': reason.code },
    error: `${reason.step} failed (${reason.code}): everything is undone${but}`,
  };
}
