/** What an order waited for, as its spans tell it. */

import type { Happening } from '@baton/saga';
import type { SpanRecord } from '@baton/telemetry';
import { expect, it } from 'vitest';
import {
  accepted,
  acceptedAt,
  decided,
  type Scene,
  succeeded,
  toEvents,
  undone,
  undoUnknown,
  unknown,
} from '../testing/event-story.ts';
import { createOrderSagas } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { projectRun } from './run-spans.ts';

const [saga] = createOrderSagas(createStandIns().participants);

/** Each pause as `name step way direction reason code from-to`, in milliseconds after the acceptance. */
const tell = (scenes: readonly Scene[]): string[] =>
  projectRun('ord_1', toEvents([accepted(), ...scenes]), () => saga)
    .filter(({ attributes }) => attributes['baton.wait.reason'] !== undefined)
    .map(draw);
const toMs = (us: number): number => Math.floor(us / 1_000) - acceptedAt;
const draw = ({ name, attributes, startUs, endUs }: SpanRecord): string =>
  [
    name,
    ...['step', 'way', 'direction', 'wait.reason', 'code'].map(
      (key) => Object.entries(attributes).find(([known]) => known === `baton.${key}`)?.[1],
    ),
    `${toMs(startUs)}-${toMs(endUs)}`,
  ]
    .filter((word) => word !== undefined)
    .join(' ');

const at = (ms: number): number => acceptedAt + ms;
const parked = { type: 'step-parked', way: 'pay', code: 'breaker-open' } as const;

it('waits until the next attempt was due, and from then on for its turn', () => {
  expect(
    tell([
      [10, unknown({ retryAt: at(210) })],
      [300, succeeded({ attempt: 2, startedAt: at(260) })],
    ]),
  ).toEqual(['wait pay first forward retry connection-reset 10-210', 'queued busy 210-260']);
});

it('waited no longer than until it was called, when it was called early', () => {
  expect(
    tell([
      [10, unknown({ retryAt: at(900) })],
      [300, succeeded({ attempt: 2, startedAt: at(260) })],
    ]),
  ).toEqual(['wait pay first forward retry connection-reset 10-260']);
});

it('is parked until its breaker lets it through', () => {
  expect(
    tell([
      [10, parked],
      [90, succeeded({ startedAt: at(80) })],
    ]),
  ).toEqual(['parked pay first forward breaker-open breaker-open 10-80']);
});

it('is parked anew when its probe was held back again', () => {
  expect(
    tell([
      [10, parked],
      [40, parked],
      [90, succeeded({ startedAt: at(130) })],
    ]),
  ).toEqual([
    'parked pay first forward breaker-open breaker-open 10-50',
    'parked pay first forward breaker-open breaker-open 50-130',
  ]);
});

it.each<[string, Happening]>([
  ['it is undone', decided],
  ['the alternate is chosen', { type: 'alternate-chosen', step: 'pay', code: 'exhausted' }],
  ['the step is deferred', { type: 'step-deferred', step: 'pay', code: 'exhausted' }],
  ['it is set aside', { type: 'quarantined', code: 'crashes' }],
  ['it is written off', { type: 'written-off', way: 'pay', direction: 'forward', reason: 'x' }],
])('waits no longer once %s', (_what, scene) => {
  const isOver = { type: 'compensated' } as const;
  expect(
    tell([
      [10, parked],
      [40, scene],
      [900, isOver],
    ]),
  ).toEqual(['parked pay first forward breaker-open breaker-open 10-50']);
});

it('waits no longer for its time once somebody asks for a retry, but for the breaker all the same', () => {
  const retry = { type: 'retry-requested', reason: 'now' } as const;
  const paid = succeeded({ attempt: 2, startedAt: at(300) });
  expect(
    tell([
      [10, unknown({ retryAt: at(900) })],
      [40, retry],
      [310, paid],
    ]),
  ).toContain('wait pay first forward retry connection-reset 10-50');
  expect(
    tell([
      [10, parked],
      [40, retry],
      [310, paid],
    ]),
  ).toContain('parked pay first forward breaker-open breaker-open 10-300');
});

it('has waited for its breaker once its probe is announced', () => {
  const probed = { type: 'attempt-started', way: 'pay', direction: 'forward' } as const;
  expect(
    tell([
      [10, parked],
      [40, probed],
      [900, succeeded({ startedAt: at(51) })],
    ]),
  ).toEqual(['parked pay first forward breaker-open breaker-open 10-50']);
});

it('waits for each undo by itself', () => {
  expect(
    tell([
      decided,
      [10, undoUnknown({ way: 'reserve', retryAt: at(500) })],
      [10, undoUnknown({ way: 'validate', startedAt: at(10), retryAt: at(400) })],
      [500, undone({ way: 'validate', attempt: 2, startedAt: at(400) })],
      [500, undone({ way: 'reserve', attempt: 2, startedAt: at(520) })],
    ]),
  ).toEqual([
    'wait validate first undo retry status-503 20-400',
    'wait reserve first undo retry status-503 10-500',
  ]);
});

it('waits for nothing where it was due at once', () => {
  expect(
    tell([
      [10, unknown({ retryAt: at(10) })],
      [5, succeeded({ startedAt: at(11) })],
    ]),
  ).toEqual([]);
  expect(
    tell([
      [10, parked],
      [5, decided],
    ]),
  ).toEqual([]);
});

it.each([
  [19, []],
  [20, ['queued busy 0-20']],
])('was queued for %d ms: %j', (ms, expected) => {
  expect(tell([[30, succeeded({ way: 'validate', startedAt: at(ms) })]])).toEqual(expected);
});

it.each<[string, Happening]>([
  ['restart', { type: 'recovered' }],
  ['repair', { type: 'completed' }],
  ['busy', decided],
])('was queued because of %s', (reason, before) => {
  expect(tell([before, [30, succeeded({ way: 'notify', startedAt: at(20) })]])).toEqual([
    `queued ${reason} 0-20`,
  ]);
});
