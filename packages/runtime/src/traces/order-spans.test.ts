/** What is told of a whole order: its changes of status, whether its end is an error, and where its trace goes on. */

import { type Happening, replay } from '@baton/saga';
import type { SpanRecord } from '@baton/telemetry';
import { describe, expect, it } from 'vitest';
import { callsMax, readRunTrace, toCallSpanId, toSpanId } from '../run/run-trace.ts';
import {
  accepted,
  acceptedAt,
  callerId,
  decided,
  refused,
  type Scene,
  succeeded,
  toEvents,
  traceId,
  undone,
  undoUnknown,
  unknown,
} from '../testing/event-story.ts';
import { projectRun } from './run-spans.ts';

const tell = (scenes: readonly Scene[]): readonly SpanRecord[] =>
  projectRun('ord_1', toEvents([accepted(), ...scenes]), () => undefined);

/** Each change as `name: status`. */
const tellStatus = (scenes: readonly Scene[]): string[] =>
  tell(scenes).flatMap(({ name, attributes }) => {
    const status = attributes['baton.order.status'];
    return status === undefined ? [] : [`${name}: ${status}`];
  });

const retried = { type: 'retry-requested', reason: 'operator' } as const;
const exhausted = undoUnknown({ way: 'reserve', exhausted: true });
const [completed, compensated] = [{ type: 'completed' }, { type: 'compensated' }] as const;

it.each<[string, readonly Happening[], readonly string[]]>([
  ['runs', [succeeded()], []],
  ['completes', [succeeded(), completed], ['order completed: completed']],
  [
    'is undone',
    [refused(), decided, compensated],
    ['compensation decided: compensating', 'order compensated: compensated'],
  ],
  [
    'is stuck until its undo is done',
    [decided, exhausted, exhausted, undone({ way: 'reserve' }), compensated],
    [
      'compensation decided: compensating',
      'order stuck: stuck',
      'order compensating: compensating',
      'order compensated: compensated',
    ],
  ],
  [
    'is stuck until an operator asks for a retry',
    [decided, exhausted, retried, exhausted],
    [
      'compensation decided: compensating',
      'order stuck: stuck',
      'retry requested: compensating',
      'order stuck: stuck',
    ],
  ],
  [
    'is set aside and goes on',
    [unknown(), { type: 'quarantined', code: 'crashes' }, retried],
    ['quarantined: stuck', 'retry requested: running'],
  ],
])('tells once of each change of the status of an order that %s', (_what, scenes, expected) => {
  expect(tellStatus(scenes)).toEqual(['order: accepted', ...expected]);
});

it.each<[string, readonly Happening[], string | undefined]>([
  ['something failed', [unknown(), decided], 'payment-declined'],
  ['the business refused it', [refused(), decided], undefined],
  [
    'it was cancelled',
    [{ type: 'compensation-decided', code: 'cancelled', step: null }],
    undefined,
  ],
])('is an error in an undone order, or none, where %s', (_why, scenes, code) => {
  const spans = tell([...scenes, compensated]);
  const errorOf = (told: string) => {
    const span = spans.find(({ name }) => name === told);
    return [span?.attributes['error.type'], span?.error?.split(':')[0]];
  };
  const error = code ? [code, `pay failed (${code})`] : [undefined, undefined];
  expect(errorOf('compensation decided')).toEqual(error);
  expect(errorOf('order compensated')).toEqual(error);
});

describe('an order of more calls than a trace holds', () => {
  const failed = Array.from(
    { length: callsMax + 5 },
    (_, index): Scene => [10, unknown({ attempt: index + 1, startedAt: acceptedAt + index * 10 })],
  );
  const spans = tell([
    ...failed,
    [10, succeeded({ attempt: 999, startedAt: acceptedAt + failed.length * 10 })],
    completed,
  ]);
  const state = replay(toEvents([accepted()]));
  const next = readRunTrace('ord_1', { ...state, calls: callsMax + 1 });
  const ofTrace = (id: string | undefined) => spans.filter((span) => span.traceId === id);
  const placeOf = (span: SpanRecord | undefined) => ({
    traceId: span?.traceId,
    spanId: span?.spanId,
  });

  it('has a bounded first trace, which leads on to the next one', () => {
    const first = ofTrace(traceId);
    expect([first[0]?.name, first[0]?.parentSpanId]).toEqual(['order', callerId]);
    expect(first.filter(({ attributes }) => 'baton.call' in attributes)).toHaveLength(callsMax);
    expect(first.at(-1)).toMatchObject({
      name: 'order goes on in another trace',
      attributes: { 'baton.order.id': 'ord_1', 'baton.order.part': 2 },
      links: [placeOf(ofTrace(next?.traceId)[0])],
    });
  });

  it('has a next trace with a root of its own, which leads back', () => {
    const [root, ...others] = ofTrace(next?.traceId);
    expect(root).toMatchObject({
      name: 'order',
      parentSpanId: null,
      startUs: (acceptedAt + callsMax * 10) * 1_000,
      attributes: {
        'baton.order.id': 'ord_1',
        'baton.order.part': 2,
        'baton.order.status': 'running',
        'baton.saga': 'place-order',
      },
      links: [{ traceId, spanId: toSpanId('ord_1', 'order') }],
    });
    expect(others.map(({ spanId }) => spanId)).toContain(toCallSpanId('ord_1', callsMax + 1));
    expect(others.every((span) => span.parentSpanId === root?.spanId)).toBe(true);
    expect(others.every((span) => span.startUs >= (root?.startUs ?? 0))).toBe(true);
  });

  it('ends in its last trace, with a link to its first one', () => {
    expect(spans.at(-1)).toMatchObject({
      name: 'order completed',
      traceId: next?.traceId,
      startUs: (acceptedAt + callsMax * 10) * 1_000 + callsMax + 8,
      attributes: { 'baton.calls': callsMax + 6 },
      links: [{ traceId, spanId: toSpanId('ord_1', 'order') }],
    });
    const ids = spans.map(({ spanId }) => spanId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
