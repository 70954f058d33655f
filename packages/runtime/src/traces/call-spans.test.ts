/** What may have been under way when the process ended hangs on a span all the same: what it did was traced there. */

import type { Direction, Happening } from '@baton/saga';
import { expect, it } from 'vitest';
import { toCallSpanId, toSpanId } from '../run/run-trace.ts';
import {
  accepted,
  acceptedAt,
  decided,
  recovered,
  refused,
  type Scene,
  succeeded,
  toEvents,
  unknown,
} from '../testing/event-story.ts';
import { projectRun } from './run-spans.ts';

/** What is told of the call that this history's last event interrupted. No definition is needed to tell it. */
function tell(scenes: readonly Scene[]) {
  const spans = projectRun('ord_1', toEvents([accepted(), ...scenes]), () => undefined);
  const calls = scenes.filter((scene) => 'attempt' in toHappening(scene)).length;
  return spans.find(({ spanId }) => spanId === toCallSpanId('ord_1', calls + 1));
}
const toHappening = (scene: Scene): Happening => ('type' in scene ? scene : scene[1]);

/** Each as `undo pay`. */
const recoveredFrom = (...calls: readonly `${Direction} ${string}`[]): Happening => ({
  type: 'recovered',
  interrupted: calls.map((call) => {
    const [direction, way = ''] = call.split(' ');
    return { way, direction: direction === 'undo' ? 'undo' : 'forward' };
  }),
});

const reserved = [succeeded({ way: 'validate' }), succeeded({ way: 'reserve' })];
const declined = [...reserved, refused(), decided];
const deferred: Happening = { type: 'step-deferred', step: 'notify', code: 'exhausted' };
const degraded = [...reserved, succeeded(), deferred, { type: 'completed' }] satisfies Happening[];

it('names the undo that was under way, and hangs it on the order', () => {
  expect(tell([...declined, [9, recoveredFrom('undo pay:alt')]])).toMatchObject({
    name: 'undo pay alternate',
    parentSpanId: toSpanId('ord_1', 'order'),
    kind: 'internal',
    attributes: {
      'baton.step': 'pay',
      'baton.way': 'alternate',
      'baton.direction': 'undo',
      'baton.reply': 'unknown',
      'baton.code': 'interrupted',
      'baton.interrupted': true,
    },
    error: expect.stringContaining('not known'),
  });
});

it('names a repair that was under way', () => {
  expect(tell([...degraded, [9, recoveredFrom('forward notify')]])).toMatchObject({
    name: 'notify',
    attributes: { 'baton.direction': 'forward', 'baton.interrupted': true },
  });
});

it('names none where it may have been one of several, but has a span for it', () => {
  const span = tell([...declined, [9, recoveredFrom('undo reserve', 'undo validate')]]);
  expect(span?.name).toBe('undo interrupted');
  expect(span?.attributes['baton.step']).toBeUndefined();
});

it.each([
  ['undo interrupted', declined],
  ['forward interrupted', degraded],
])('calls it %s where the journal is too old to say what it was', (name, scenes) => {
  const span = tell([...scenes, [9, recovered]]);
  expect(span?.name).toBe(name);
  expect(span?.attributes['baton.step']).toBeUndefined();
});

it('tells of no call where none was under way, but of the restart', () => {
  const scenes = [accepted(), ...declined, recoveredFrom()];
  expect(tell([...declined, recoveredFrom()])).toBeUndefined();
  expect(projectRun('ord_1', toEvents(scenes), () => undefined).at(-1)?.name).toBe(
    'orchestrator recovered',
  );
});

it('tells of a forward call that its attempt was interrupted, once and under its number', () => {
  const interrupted = unknown({ way: 'reserve', code: 'interrupted', interrupted: true });
  const events = toEvents([accepted(), succeeded({ way: 'validate' }), [50, interrupted]]);
  const spans = projectRun('ord_1', events, () => undefined).slice(-2);
  expect(spans.map(({ name }) => name)).toEqual(['reserve', 'orchestrator recovered']);
  expect(spans[0]?.spanId).toBe(toCallSpanId('ord_1', 2));
  expect(spans[0]).toMatchObject({
    startUs: acceptedAt * 1_000 + 3,
    attributes: { 'baton.interrupted': true, 'baton.reply': 'unknown' },
    error: expect.stringContaining('the orchestrator ended'),
  });
});
