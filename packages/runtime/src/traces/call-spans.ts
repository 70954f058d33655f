/** The spans of one call, from the event that says how it ended. Pure. */

import type { TriedEvent } from '@baton/saga';
import type { SpanAttributes, SpanRecord } from '@baton/telemetry';
import { type EventOf, findTelling } from '../run/event-table.ts';
import { toWayAttributes } from '../run/event-words.ts';
import { toCallSpanId } from '../run/run-trace.ts';
import { findWay } from '../run/run-view.ts';
import {
  type Progress,
  type Scene,
  toAttemptName,
  toMark,
  toNextAttempt,
  toSpan,
} from './span-outline.ts';

/** A wait in the queue for longer than this, in milliseconds, is worth a span. */
const queuedMin = 20;

/** The time between what is known to have been before, and the call. */
function toQueued(scene: Scene, begunAt: number, startedAt: number): SpanRecord[] {
  if (startedAt - begunAt < queuedMin) return [];
  const attributes = { 'baton.wait.reason': readReason(scene.before) };
  const what = `queued ${scene.event.seq}`;
  return [toSpan(scene, { what, name: 'queued', from: begunAt, to: startedAt, attributes })];
}

/** What a completed order still owes is looked for once a second; after a restart everything begins anew. */
function readReason({ state, isFreshlyRecovered }: Progress): string {
  if (state.phase === 'completed') return 'repair';
  return isFreshlyRecovered ? 'restart' : 'busy';
}

/** One attempt: its step, its call, and what came of it for the order. */
export function toCallSpans(scene: Scene, event: TriedEvent): SpanRecord[] {
  const { before, saga } = scene;
  const { direction, reply } = findTelling(event.type);
  const isInterrupted = 'interrupted' in event;
  const wait = before.waits[`${direction} ${event.way}`];
  const begunAt = Math.min(event.startedAt, Math.max(before.at, wait?.to ?? 0));
  // Nobody saw it begin: it began after the last known event.
  const from = isInterrupted ? begunAt : event.startedAt;
  const participant = findWay(saga ?? null, event.way)?.participant;
  const attributes: SpanAttributes = {
    ...toWayAttributes(event.way),
    'baton.participant': participant,
    'baton.direction': direction,
    'baton.call': before.state.calls + 1,
    // What was never sent is no attempt: the next one has its number.
    'baton.attempt': reply === 'unsent' ? undefined : event.attempt,
    'baton.reply': reply,
    'baton.code': 'code' in event ? event.code : undefined,
    'baton.fault': /^injected (\S+)$/.exec(event.note ?? '')?.[1],
    'baton.interrupted': isInterrupted || undefined,
  };
  const error = describeCall(event);
  const step = toSpan(scene, {
    what: `attempt ${event.seq}`,
    name: toAttemptName(event.way, direction, event.attempt),
    from,
    to: event.at,
    attributes,
    error,
  });
  return [
    ...(isInterrupted ? [] : toQueued(scene, begunAt, from)),
    ...toCalled(scene, step, event),
    ...(isInterrupted ? [toRecovery(scene)] : []),
    ...toConsequences(scene, event),
  ];
}

/** Why a call failed, in a few words; null when it did not. */
function describeCall(event: TriedEvent): string | null {
  const { direction, reply } = findTelling(event.type);
  const code = 'code' in event ? event.code : '';
  switch (reply) {
    case 'ok':
      return null;
    case 'refused':
      return `refused: ${code}`;
    case 'unsent':
      return `${code}: nobody took it, so it was never sent`;
    case 'unknown':
      return 'interrupted' in event
        ? 'the orchestrator ended before an answer came: whether it was done is not known'
        : `${code}: whether it was ${direction === 'undo' ? 'undone' : 'done'} is not known`;
    default:
      return reply satisfies never;
  }
}

/** Another process went on. Nobody saw when the first one ended. */
const toRecovery = (scene: Scene): SpanRecord => ({
  ...toMark(scene, {}, 'orchestrator recovered'),
  error: 'the orchestrator had ended; another process goes on from the journal',
});

function toConsequences(scene: Scene, event: TriedEvent): SpanRecord[] {
  return event.type === 'step-succeeded' && scene.before.state.phase === 'completed'
    ? [toMark(scene, toWayAttributes(event.way), 'order repaired')]
    : [];
}

/** Where the request went, as the reply told it. */
interface Target {
  readonly url: string;
  readonly template: string;
  readonly address: string;
  readonly port: number;
  readonly status: number | undefined;
}

/** Undefined where nobody said so: of an interrupted call, or of a step that is no request. */
function readTarget({ details = {} }: TriedEvent): Target | undefined {
  const { path, address, port, status } = details;
  // Older journals lack it.
  const { baseUrl = `http://${address}:${port}` } = details;
  if (typeof path !== 'string' || !URL.canParse(`${baseUrl}`)) return undefined;
  const { hostname, port: own, protocol } = new URL(`${baseUrl}`);
  return {
    url: `${baseUrl}${path}`,
    template: path,
    // Without the brackets of an IPv6 address.
    address: hostname.replaceAll(/[[\]]/g, ''),
    port: Number(own) || (protocol === 'https:' ? 443 : 80),
    status: typeof status === 'number' ? status : undefined,
  };
}

/** An attempt and its call. What the participant measured hangs on the call's id: without a target, the attempt has it. */
function toCalled({ order, before }: Scene, step: SpanRecord, event: TriedEvent): SpanRecord[] {
  const spanId = toCallSpanId(order, before.state.calls + 1);
  const target = readTarget(event);
  if (!target) return [{ ...step, spanId }];
  const { url, template, address, port, status } = target;
  const { attributes, error } = step;
  const call: SpanRecord = {
    ...step,
    spanId,
    parentSpanId: step.spanId,
    name: `POST ${template}`,
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      'http.request.resend_count': event.attempt > 1 ? event.attempt - 1 : undefined,
      'url.full': url,
      'url.template': template,
      'server.address': address,
      'server.port': port,
      'http.response.status_code': status,
      // The client speaks no other, and without an answer nobody knows what the server would have spoken.
      'network.protocol.version': status === undefined ? undefined : '1.1',
      'error.type': error === null ? undefined : toErrorType(event, status),
      'baton.order.id': order,
      'baton.participant': attributes['baton.participant'],
      'baton.attempt': attributes['baton.attempt'],
      'baton.call': attributes['baton.call'],
      'baton.fault': attributes['baton.fault'],
    },
  };
  return [step, call];
}

/** The reply's status, where the status says what is wrong. */
function toErrorType(event: TriedEvent, status = 0): string {
  if (status >= 400) return String(status);
  return 'code' in event ? event.code : '';
}

/** Another process went on. A call that may have been under way gets a span all the same: the participant's spans hang on it. */
export function toRestartSpans(scene: Scene, { interrupted, at }: EventOf<'recovered'>) {
  const { order, before } = scene;
  if (interrupted?.length === 0) return [toRecovery(scene)];
  const [only, ...others] = interrupted ?? [];
  const way = only && others.length === 0 ? only.way : null;
  // An older journal does not say the direction: it was an undo, unless nothing is undone any more.
  const direction = only?.direction ?? (before.state.phase === 'completed' ? 'forward' : 'undo');
  const span = toSpan(scene, {
    what: '',
    name:
      way === null
        ? `${direction} interrupted`
        : toAttemptName(way, direction, toNextAttempt(before.state, way, direction)),
    from: before.at,
    to: at,
    attributes: {
      ...(way !== null && toWayAttributes(way)),
      'baton.direction': direction,
      'baton.reply': 'unknown',
      'baton.code': 'interrupted',
      'baton.call': before.state.calls + 1,
      'baton.interrupted': true,
    },
    error: 'the orchestrator ended; whether this was under way is not known',
  });
  return [{ ...span, spanId: toCallSpanId(order, before.state.calls + 1) }, toRecovery(scene)];
}
