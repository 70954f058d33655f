import { type Feed, replay } from '@baton/saga';
import { createLog, type LogLevel } from '@baton/telemetry';
import { expect, it } from 'vitest';
import {
  accepted,
  acceptedAt,
  decided,
  refused,
  type Scene,
  succeeded,
  toEvents,
  traceId,
  undoUnknown,
  unknown,
  unsent,
} from '../testing/event-story.ts';
import { createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { logRuns } from './run-log.ts';
import { toCallSpanId, toSpanId } from './run-trace.ts';

/** What is logged of an order with these events. */
function log(scenes: readonly Scene[], level: LogLevel = 'info') {
  const lines: string[] = [];
  const listeners: Parameters<Feed['subscribe']>[0][] = [];
  const subscribe: Feed['subscribe'] = (listener) => {
    listeners.push(listener);
    return () => {};
  };
  logRuns(
    { subscribe },
    [createOrderWorkflow(createStandIns().participants)],
    createLog('orchestrator', level, { write: (line) => void lines.push(line) }),
  );
  const events = toEvents(scenes);
  for (const event of events) {
    const state = replay(events.slice(0, event.seq));
    for (const listener of listeners)
      listener({ run: 'ord_1', position: String(event.seq), event, state });
  }
  return lines.map((line) => JSON.parse(line));
}

const reason = 'Ada rang: her card tok_ok was charged';
const story = [
  accepted(),
  succeeded({ way: 'reserve', output: { token: 'tok_ok' } }),
  refused(),
  decided,
  { type: 'cancel-requested', reason },
  { type: 'compensated' },
] satisfies Scene[];

it('leads from each line to the trace of its order', () => {
  expect(log(story)[0]).toMatchObject({
    level: 'info',
    msg: 'compensation decided',
    orderId: 'ord_1',
    code: 'payment-declined',
    trace_id: traceId,
    span_id: toSpanId('ord_1', 'order'),
  });
});

it('says what went wrong, and what every order goes through only to who asks for details', () => {
  const said = (level: LogLevel) => log(story, level).map(({ msg }) => msg);
  expect(said('info')).toEqual(['compensation decided', 'cancel requested', 'compensated']);
  expect(said('debug')).toEqual(['accepted', 'step refused', ...said('info')]);
  expect(said('warn')).toEqual([]);
});

it('says nothing that an operator, a customer or a participant wrote', () => {
  expect(JSON.stringify(log(story, 'debug'))).not.toMatch(/\bada\b|tok_ok/i);
});

it('names no trace where there is none', () => {
  const [line] = log([accepted({}), decided]);
  expect(line).toMatchObject({ orderId: 'ord_1' });
  expect(line).not.toHaveProperty('trace_id');
});

const [{ structure }] = createOrderWorkflow(createStandIns().participants).versions;
/** Of a definition that is known, so that its participants are. */
const begun = { ...accepted(), structure };
/** The last line of all. */
const logLast = (...scenes: readonly Scene[]) => log([begun, ...scenes], 'debug').at(-1);

it('says of a failed attempt which one it was, of what, where, why, and when the next one is due', () => {
  const retryAt = acceptedAt + 800;
  expect(logLast(unknown({ retryAt, attempt: 2, note: 'fault: hang' }))).toMatchObject({
    level: 'debug',
    msg: 'step unknown',
    orderId: 'ord_1',
    step: 'pay',
    direction: 'forward',
    participant: 'payment-service',
    attempt: 2,
    code: 'connection-reset',
    note: 'fault: hang',
    retryAt: '2026-01-01T00:00:00.800Z',
    trace_id: traceId,
    span_id: toCallSpanId('ord_1', 1),
  });
  expect(logLast(unsent())).toMatchObject({
    level: 'debug',
    msg: 'step unsent',
    step: 'pay',
    code: 'connection-refused',
  });
});

it('names the way where it is not the first one', () => {
  const line = logLast(unknown({ way: 'pay:alt' }));
  expect(line).toMatchObject({ step: 'pay', way: 'alternate', participant: 'payment-alternate' });
  expect(logLast(unknown())).not.toHaveProperty('way');
});

it('says why an order waits', () => {
  const parked: Scene = { type: 'undo-parked', way: 'pay', code: 'breaker-open' };
  expect(logLast(parked)).toMatchObject({
    level: 'debug',
    msg: 'undo parked',
    step: 'pay',
    direction: 'undo',
    participant: 'payment-service',
    code: 'breaker-open',
  });
});

it('says an undo that is out of attempts to everybody, and one that has some left only to who asks', () => {
  expect(logLast(undoUnknown())).toMatchObject({ level: 'debug', direction: 'undo' });
  expect(logLast(undoUnknown({ exhausted: true, attempt: 8 }))).toMatchObject({
    level: 'warn',
    msg: 'undo unknown',
    step: 'pay',
    direction: 'undo',
    participant: 'payment-service',
    attempt: 8,
    code: 'status-503',
  });
});

it('says a refusal once at info: where a decision follows, the decision says it', () => {
  expect(log([begun, refused(), decided]).map(({ msg }) => msg)).toEqual(['compensation decided']);
  expect(logLast(refused())).toMatchObject({ level: 'debug', participant: 'payment-service' });
  // No decision follows this one: the order completes without it.
  expect(logLast(refused({ way: 'notify:alt', code: 'no-number' }))).toMatchObject({
    level: 'info',
    step: 'notify',
    way: 'alternate',
    code: 'no-number',
  });
});

it('warns of an order that is undone for technical reasons, and of no other', () => {
  const cancelled: Scene = { type: 'compensation-decided', code: 'cancelled', step: null };
  expect(logLast(refused(), decided)).toMatchObject({ level: 'info', attempt: 1 });
  expect(logLast(cancelled)).toMatchObject({ level: 'info', code: 'cancelled' });
  expect(logLast(cancelled)).not.toHaveProperty('step');
  const failed = { ...decided, code: 'connection-reset' } as Scene;
  expect(logLast(unknown({ attempt: 3 }), failed)).toMatchObject({
    level: 'warn',
    msg: 'compensation decided',
    step: 'pay',
    participant: 'payment-service',
    attempt: 3,
    code: 'connection-reset',
  });
});

it('says which way of a step was given up', () => {
  const chosen: Scene = { type: 'alternate-chosen', step: 'pay', code: 'connection-reset' };
  expect(logLast(unknown({ attempt: 3 }), chosen)).toMatchObject({
    level: 'info',
    step: 'pay',
    participant: 'payment-service',
    attempt: 3,
  });
  const byBoth = logLast(unknown({ attempt: 3 }), chosen, unknown({ way: 'pay:alt' }), decided);
  expect(byBoth).toMatchObject({
    level: 'warn',
    way: 'alternate',
    participant: 'payment-alternate',
    attempt: 1,
  });
  // Nothing was sent, so there is no last attempt.
  expect(logLast(unsent(), chosen)).not.toHaveProperty('attempt');
});

it('says of a restart which calls it may have cut off, each in a line, and without any the order alone', () => {
  const undos = [
    { way: 'pay', direction: 'undo' },
    { way: 'reserve', direction: 'undo' },
  ] as const;
  const cut: Scene = { type: 'recovered', interrupted: undos };
  const lines = log([begun, undoUnknown({ attempt: 1 }), cut]).filter(
    ({ msg }) => msg === 'recovered',
  );
  const shared = { level: 'info', direction: 'undo', code: 'interrupted', trace_id: traceId };
  expect(lines).toMatchObject([
    { ...shared, step: 'pay', participant: 'payment-service', attempt: 2 },
    { ...shared, step: 'reserve', participant: 'inventory-service', attempt: 1 },
  ]);
  expect(lines[0].span_id).toBe(toCallSpanId('ord_1', 2));
  expect(logLast({ type: 'recovered', interrupted: [] })).not.toHaveProperty('step');
});

it('warns of an order that an operator must look at', () => {
  expect(logLast({ type: 'quarantined', code: 'crash-loop' })).toMatchObject({ level: 'warn' });
});

it('goes on without the participant where the definition is gone', () => {
  const line = log([accepted(), unknown()], 'debug').at(-1);
  expect(line).toMatchObject({ step: 'pay', code: 'connection-reset' });
  expect(line).not.toHaveProperty('participant');
});
