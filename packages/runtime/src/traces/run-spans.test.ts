import type { Happening } from '@baton/saga';
import type { SpanRecord } from '@baton/telemetry';
import { expect, it } from 'vitest';
import { toCallSpanId, toSpanId } from '../run/run-trace.ts';
import {
  accepted,
  acceptedAt,
  callerId,
  decided,
  type Scene,
  succeeded,
  toEvents,
  traceId,
  undone,
  undoUnknown,
  unknown,
  unsent,
} from '../testing/event-story.ts';
import { createOrderSagas } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { projectRun } from './run-spans.ts';

const [saga] = createOrderSagas(createStandIns().participants);
const tell = (scenes: readonly Scene[]): readonly SpanRecord[] =>
  projectRun('ord_1', toEvents([accepted(), ...scenes]), () => saga);
function told(scenes: readonly Scene[], name: string): SpanRecord {
  const span = tell(scenes).find((each) => each.name === name);
  if (!span) throw new Error(`there is no span ${name}`);
  return span;
}
const orderId = toSpanId('ord_1', 'order');

it("hangs the order on its caller's span as soon as it is accepted", () => {
  expect(tell([])).toEqual([
    {
      traceId,
      spanId: orderId,
      parentSpanId: callerId,
      name: 'order',
      kind: 'internal',
      startUs: acceptedAt * 1_000,
      endUs: acceptedAt * 1_000 + 1,
      attributes: {
        'baton.order.id': 'ord_1',
        'baton.order.status': 'accepted',
        'baton.saga': 'place-order',
        'baton.saga.version': 2,
      },
      error: null,
    },
  ]);
});

const details = { path: '/process', baseUrl: 'https://pay.example/v1', status: 200 };

it('tells of a call, and of what its request named as its parent', () => {
  const note = 'injected payment.process:latency';
  const [, step, call, ...others] = tell([[9, succeeded({ attempt: 2, details, note })]]);
  expect(step).toEqual({
    traceId,
    spanId: toSpanId('ord_1', 'attempt 2'),
    parentSpanId: orderId,
    name: 'pay, attempt 2',
    kind: 'internal',
    startUs: acceptedAt * 1_000 + 2,
    endUs: (acceptedAt + 9) * 1_000 + 2,
    attributes: {
      'baton.order.id': 'ord_1',
      'baton.step': 'pay',
      'baton.way': 'first',
      'baton.participant': 'payment-service',
      'baton.direction': 'forward',
      'baton.attempt': 2,
      'baton.call': 1,
      'baton.reply': 'ok',
      'baton.fault': 'payment.process:latency',
    },
    error: null,
  });
  expect(call).toMatchObject({
    spanId: toCallSpanId('ord_1', 1),
    parentSpanId: step?.spanId,
    name: 'POST /process',
    kind: 'client',
    startUs: step?.startUs,
    endUs: step?.endUs,
    attributes: {
      'http.request.method': 'POST',
      'http.request.resend_count': 1,
      'http.response.status_code': 200,
      'server.address': 'pay.example',
      'server.port': 443,
      'network.protocol.version': '1.1',
      'url.full': 'https://pay.example/v1/process',
      'url.template': '/process',
    },
  });
  expect(others).toEqual([]);
});

it.each([
  [{ baseUrl: 'http://[::1]:4003' }, ['http://[::1]:4003/process', '::1', 4003]],
  [{ baseUrl: 'http://pay' }, ['http://pay/process', 'pay', 80]],
  // As older journals hold it.
  [{ address: '127.0.0.1', port: 4003 }, ['http://127.0.0.1:4003/process', '127.0.0.1', 4003]],
])('says where it called: %j', (peer, expected) => {
  const call = told([succeeded({ details: { path: '/process', ...peer } })], 'POST /process');
  const names = ['url.full', 'server.address', 'server.port'] as const;
  expect(names.map((name) => call.attributes[name])).toEqual(expected);
  expect(call.attributes['http.request.resend_count']).toBeUndefined();
});

it('gives an attempt the id of its call where nobody knows where that went', () => {
  const [, step, ...others] = tell([unknown()]);
  expect([step?.spanId, step?.kind, others]).toEqual([toCallSpanId('ord_1', 1), 'internal', []]);
});

it('tells attempts apart by their names, of which there is a bounded number', () => {
  const nameOf = (attempt: number) => tell([undoUnknown({ attempt })])[1]?.name;
  expect([1, 2, 9, 10, 1_000].map(nameOf)).toEqual([
    'undo pay',
    'undo pay, attempt 2',
    'undo pay, attempt 9',
    'undo pay, attempt 10 or later',
    'undo pay, attempt 10 or later',
  ]);
});

it('numbers calls over all steps, directions and crashes, so that each has an id of its own', () => {
  const spans = tell([
    succeeded({ way: 'validate' }),
    unknown({ way: 'reserve', interrupted: true, code: 'interrupted' }),
    unknown({ way: 'reserve', attempt: 2 }),
    decided,
    { type: 'recovered' },
    undone({ way: 'reserve' }),
  ]);
  const ids = spans.map(({ spanId }) => spanId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const ordinal of [1, 2, 3, 4, 5]) expect(ids).toContain(toCallSpanId('ord_1', ordinal));
});

it('says what went wrong with a call, and what is known of it', () => {
  expect(told([unsent()], 'pay').error).toBe(
    'connection-refused: nobody took it, so it was never sent',
  );
  expect(told([unknown()], 'pay').error).toBe('connection-reset: whether it was done is not known');
  const errorOf = (status?: number, code?: string) => {
    const { path, baseUrl } = details;
    const answered = { path, baseUrl, ...(status !== undefined && { status }) };
    const scene = unknown({ details: answered, ...(code !== undefined && { code }) });
    return told([scene], 'POST /process').attributes['error.type'];
  };
  expect(errorOf()).toBe('connection-reset');
  expect(errorOf(503)).toBe('503');
  expect(errorOf(200, 'malformed-reply')).toBe('malformed-reply');
});

it('tells of an alternate, why it was chosen, and of whom it calls', () => {
  const scenes = [
    { type: 'alternate-chosen', step: 'pay', code: 'connection-refused' } as const,
    succeeded({ way: 'pay:alt' }),
  ];
  expect(told(scenes, 'alternate chosen').attributes).toMatchObject({
    'baton.step': 'pay',
    'baton.code': 'connection-refused',
  });
  expect(told(scenes, 'pay alternate').attributes).toMatchObject({
    'baton.step': 'pay',
    'baton.way': 'alternate',
    'baton.participant': 'payment-alternate',
  });
});

it('closes with how the order ended, over all of its time', () => {
  const deferred = { type: 'step-deferred', step: 'notify', code: 'exhausted' } as const;
  const end = told([[9, succeeded()], deferred, [1, { type: 'completed' }]], 'order completed');
  expect(end).toMatchObject({
    startUs: acceptedAt * 1_000 + 4,
    endUs: (acceptedAt + 10) * 1_000 + 4,
  });
  expect(end.attributes).toEqual({
    'baton.order.id': 'ord_1',
    'baton.order.status': 'completed',
    'baton.order.degraded': 'notify',
    'baton.calls': 1,
  });
  expect(told([decided, { type: 'compensated' }], 'order compensated').attributes).toMatchObject({
    'baton.order.status': 'compensated',
    'baton.code': 'payment-declined',
    'baton.step': 'pay',
  });
});

const reason = 'Ada rang +49 89 1234: her card tok_ok was charged';

it.each<[string, Happening]>([
  ['cancel requested', { type: 'cancel-requested', reason }],
  ['retry requested', { type: 'retry-requested', reason }],
  ['written off', { type: 'written-off', way: 'reserve', direction: 'undo', reason }],
  ['quarantined', { type: 'quarantined', code: 'crashes' }],
])('tells that it was %s, and nothing of what an operator wrote', (name, scene) => {
  const spans = tell([succeeded({ output: { token: 'tok_ok' }, note: reason }), [5, scene]]);
  const span = spans.find((each) => each.name === name);
  expect(span).toMatchObject({ parentSpanId: orderId, kind: 'internal', error: null });
  expect(span?.endUs).toBe((span?.startUs ?? 0) + 1);
  expect(JSON.stringify(spans)).not.toMatch(/\bada\b|tok_ok|89 1234/i);
});

it.each<[string, Happening]>([
  ['customer', { type: 'cancel-requested', reason }],
  ['operator', { type: 'retry-requested', reason }],
  ['operator', { type: 'retry-requested', reason: 'watchdog: overdue' }],
  ['watchdog', { type: 'retry-requested', reason, by: 'watchdog' }],
  // As it was written before the event had the field.
  ['watchdog', { type: 'retry-requested', reason: 'watchdog: overdue', nudge: true }],
  ['operator', { type: 'written-off', way: 'reserve', direction: 'undo', reason }],
])('says that it was the %s who asked', (who, scene) => {
  expect(tell([scene])[1]?.attributes['baton.by']).toBe(who);
});

it('says once that an order is stuck, and says it anew after an operator asked for a retry', () => {
  const failed = undoUnknown({ way: 'reserve', exhausted: true });
  const retried = { type: 'retry-requested', reason } as const;
  const stuck = tell([decided, failed, failed, retried, failed]).filter(
    ({ name }) => name === 'order stuck',
  );
  expect(stuck.map(({ startUs }) => startUs % 1_000)).toEqual([3, 6]);
  expect(stuck[0]?.attributes).toMatchObject({
    'baton.step': 'reserve',
    'baton.code': 'status-503',
  });
});

it('says that a completed order was repaired', () => {
  const notify = succeeded({ way: 'notify' });
  expect(told([succeeded(), { type: 'completed' }, notify], 'order repaired').attributes).toEqual({
    'baton.order.id': 'ord_1',
    'baton.step': 'notify',
    'baton.way': 'first',
  });
  expect(tell([notify, { type: 'completed' }]).map(({ name }) => name)).not.toContain(
    'order repaired',
  );
});

it('stands within the order, in the order of its journal also within one millisecond', () => {
  const spans = tell([succeeded({ way: 'validate' }), succeeded({ way: 'reserve' }), decided]);
  const [root, ...others] = spans;
  const starts = others.filter(({ kind }) => kind === 'internal').map(({ startUs }) => startUs);
  expect(starts).toEqual([2, 3, 4].map((seq) => acceptedAt * 1_000 + seq));
  for (const { startUs, endUs } of spans) {
    expect(startUs).toBeGreaterThanOrEqual(root?.startUs ?? 0);
    expect(endUs).toBeGreaterThan(startUs);
  }
});

it('keeps a long history within its millisecond', () => {
  const many = Array.from({ length: 1_200 }, () => ({ type: 'retry-requested', reason }) as const);
  const starts = tell(many).map(({ startUs }) => startUs);
  expect(Math.max(...starts)).toBeLessThan((acceptedAt + 1) * 1_000);
});

it('tells the same of the same events, and of their beginning what it tells of all', () => {
  const scenes = [
    [3, unknown({ retryAt: acceptedAt + 9 })],
    [8, succeeded({ attempt: 2 })],
    decided,
  ] as const;
  expect(JSON.stringify(tell(scenes))).toBe(JSON.stringify(tell(scenes)));
  for (const [length] of scenes.entries()) {
    const beginning = tell(scenes.slice(0, length));
    expect(tell(scenes).slice(0, beginning.length)).toEqual(beginning);
  }
});

it('tells nothing of an order that is not traced', () => {
  const scenes = [accepted({ traceparent: `00-${traceId}-${callerId}-00` }), succeeded(), decided];
  expect(projectRun('ord_1', toEvents(scenes), () => saga)).toEqual([]);
});

it('tells of an order whose definition is gone, but not whom it called', () => {
  const spans = projectRun('ord_1', toEvents([accepted(), succeeded()]), () => undefined);
  expect(spans.map(({ name }) => name)).toEqual(['order', 'pay']);
  expect(spans[1]?.attributes['baton.participant']).toBeUndefined();
});
