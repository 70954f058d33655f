import { type Feed, replay } from '@baton/saga';
import { createLog, type LogLevel } from '@baton/telemetry';
import { expect, it } from 'vitest';
import {
  accepted,
  decided,
  type Scene,
  succeeded,
  toEvents,
  traceId,
} from '../testing/event-story.ts';
import { createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { logRuns } from './run-log.ts';
import { toSpanId } from './run-trace.ts';

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
  const state = replay(events);
  for (const event of events)
    for (const listener of listeners)
      listener({ run: 'ord_1', position: String(event.seq), event, state });
  return lines.map((line) => JSON.parse(line));
}

const reason = 'Ada rang: her card tok_ok was charged';
const story = [
  accepted(),
  succeeded({ output: { token: 'tok_ok' } }),
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
  expect(said('debug')).toEqual(['accepted', ...said('info')]);
  expect(said('warn')).toEqual([]);
});

it('says nothing that an operator, a customer or a participant wrote', () => {
  expect(JSON.stringify(log(story, 'debug'))).not.toMatch(/Ada|ada|tok_ok/);
});

it('names no trace where there is none', () => {
  const [line] = log([accepted({}), decided]);
  expect(line).toMatchObject({ orderId: 'ord_1' });
  expect(line).not.toHaveProperty('trace_id');
});
