// What may have been under way when the process ended hangs on a span all the same: what it did was traced there.

import type { Happening } from '@baton/saga';
import { expect, it } from 'vitest';
import {
  accepted,
  acceptedAt,
  decided,
  recovered,
  refused,
  type Scene,
  succeeded,
  toEvents,
  undone,
  undoUnknown,
  unknown,
} from '../order/event-story.ts';
import { toCallSpanId, toSpanId } from '../order/order-trace.ts';
import { createOrderSagas } from '../order-saga.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { projectOrder } from './order-spans.ts';

const sagas = createOrderSagas(createStandIns().participants);

/** What is told of a call that this history's last event interrupted. */
const tell = (scenes: readonly Scene[], saga: (typeof sagas)[0] | undefined = sagas[0]) => {
  const spans = projectOrder('ord_1', toEvents([accepted(), ...scenes]), () => saga);
  const calls = scenes.filter((scene) => 'attempt' in toHappening(scene)).length;
  return spans.find(({ spanId }) => spanId === toCallSpanId('ord_1', calls + 1));
};
const toHappening = (scene: Scene): Happening => ('type' in scene ? scene : scene[1]);

const reserved = [succeeded({ way: 'validate' }), succeeded({ way: 'reserve' })];
const declined = [...reserved, refused(), decided];
const deferred: Happening = { type: 'step-deferred', step: 'notify', code: 'exhausted' };
const degraded = [...reserved, succeeded(), deferred, { type: 'completed' }] satisfies Happening[];
const later = acceptedAt + 60_000;

it('names an undo, the only one that was due, and hangs it on the order', () => {
  const scenes = [...declined, undone({ way: 'reserve' }), [9, recovered]] as const;
  expect(tell(scenes)).toMatchObject({
    name: 'undo validate',
    parentSpanId: toSpanId('ord_1', 'order'),
    kind: 'internal',
    attributes: {
      'baton.step': 'validate',
      'baton.way': 'first',
      'baton.direction': 'undo',
      'baton.reply': 'unknown',
      'baton.code': 'interrupted',
      'baton.interrupted': true,
    },
    error: expect.stringContaining('not known'),
  });
});

it('names none where several were due, but has a span for it', () => {
  const span = tell([...declined, [9, recovered]]);
  expect(span?.name).toBe('undo interrupted');
  expect(span?.attributes['baton.step']).toBeUndefined();
});

it('reckons with an undo that waits: when its participant is well again, it is due early', () => {
  const waiting = undoUnknown({ way: 'reserve', retryAt: later });
  expect(tell([...declined, waiting, [9, recovered]])?.name).toBe('undo interrupted');
  const only = [...declined, waiting, undone({ way: 'validate' }), [9, recovered]] as const;
  expect(tell(only)?.name).toBe('undo reserve');
});

it('names the undo whose wait was over', () => {
  const waiting = undoUnknown({ way: 'reserve', retryAt: acceptedAt + 5 });
  const scenes = [...declined, waiting, undone({ way: 'validate' }), [9, recovered]] as const;
  expect(tell(scenes)?.name).toBe('undo reserve');
});

it('names a repair', () => {
  expect(tell([...degraded, [9, recovered]])).toMatchObject({
    name: 'notify',
    attributes: { 'baton.direction': 'forward', 'baton.interrupted': true },
  });
});

it('names the undo of a first way, which comes before its alternate', () => {
  const chosen = { type: 'alternate-chosen', step: 'pay', code: 'connection-reset' } as const;
  expect(tell([...reserved, unknown(), chosen, [9, recovered]])).toMatchObject({
    name: 'undo pay',
    attributes: { 'baton.direction': 'undo', 'baton.way': 'first' },
  });
});

it.each<[string, Happening]>([
  ['undo reserve', { type: 'attempt-started', way: 'reserve', direction: 'undo' }],
  ['undo validate', { type: 'attempt-started', way: 'validate', direction: 'undo' }],
])('names what was announced: %s', (name, announced) => {
  expect(tell([...declined, announced, [9, recovered]])?.name).toBe(name);
});

it('has a span, but no name for it, where the definition is gone', () => {
  const events = toEvents([accepted(), ...declined, undone({ way: 'reserve' }), recovered]);
  const spans = projectOrder('ord_1', events, () => undefined);
  const span = spans.find(({ spanId }) => spanId === toCallSpanId('ord_1', 5));
  expect(span?.name).toBe('undo interrupted');
});

it.each<[string, readonly Scene[]]>([
  [
    'each undo was parked',
    [undone({ way: 'reserve' }), { type: 'undo-parked', way: 'validate', code: 'breaker-open' }],
  ],
  ['nothing was owed any more', [undone({ way: 'reserve' }), undone({ way: 'validate' })]],
])('tells of no call where %s', (_what, scenes) => {
  expect(tell([...declined, ...scenes, [9, recovered]])).toBeUndefined();
});

it('tells of a forward call that its attempt was interrupted, once and under its number', () => {
  const interrupted = unknown({ way: 'reserve', code: 'interrupted', interrupted: true });
  const events = toEvents([accepted(), succeeded({ way: 'validate' }), [50, interrupted]]);
  const spans = projectOrder('ord_1', events, () => sagas[0]).slice(-3);
  expect(spans.map(({ name }) => name)).toEqual([
    'reserve',
    'POST (no answer)',
    'orchestrator recovered',
  ]);
  expect(spans[1]?.spanId).toBe(toCallSpanId('ord_1', 2));
  expect(spans[0]).toMatchObject({
    startUs: acceptedAt * 1_000 + 3,
    attributes: { 'baton.interrupted': true, 'baton.reply': 'unknown' },
    error: expect.stringContaining('the orchestrator ended'),
  });
});
