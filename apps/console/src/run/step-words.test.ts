import type { AttemptView, RunView, StepDescription, StepView, StorySpan } from '@baton/contracts';
import { expect, it } from 'vitest';
import { isByAlternate, isFinal, toSpanName, toWayBack } from './step-words.ts';

const at = '2026-01-01T00:00:00.000Z';
const tried = (
  way: AttemptView['way'],
  reply: AttemptView['reply'],
  direction: AttemptView['direction'] = 'forward',
): AttemptView => ({ number: 1, direction, way, reply, at, endedAt: at });

it('names the way that did it, though another one was tried in between', () => {
  const first = tried('first', 'unknown');
  const other = tried('alternate', 'unknown');
  expect(isByAlternate({ attempts: [first, other] })).toBe(true);
  expect(isByAlternate({ attempts: [first, other, tried('first', 'ok')] })).toBe(false);
  expect(isByAlternate({ attempts: [first, tried('first', 'ok', 'undo'), other] })).toBe(true);
  expect(isByAlternate({ attempts: [] })).toBe(false);
});

const reserve: StepDescription = {
  name: 'reserve',
  kind: 'step',
  first: { participant: 'inventory-service', hasUndo: true },
} as StepDescription;
const pay: StepDescription = { ...reserve, name: 'pay', kind: 'pivot' };
const step = (name: string, status: StepView['status']): StepView => ({
  name,
  participant: 'inventory-service',
  status,
  attempts: [],
});
const run = (status: RunView['status'], paid: StepView['status']) => ({
  status,
  steps: [step('reserve', 'done'), step('pay', paid)],
});

it.each([
  ['before the pivot', run('running', 'running'), 'done', '↩ can be undone'],
  ['after the pivot', run('running', 'done'), 'done', ''],
  ['of an order that ended', run('completed', 'done'), 'done', ''],
  ['that was refused', run('compensating', 'skipped'), 'refused', ''],
  ['that is undone', run('compensated', 'refused'), 'undone', '↩ undone'],
] as const)('promises an undo of a step %s only where it can be', (_when, of, status, words) => {
  const final = isFinal(of, [reserve, pay]);
  expect(toWayBack({ status }, reserve, final)).toBe(words);
});

it('calls a moment of the trace what the rest of the page calls it', () => {
  const span: StorySpan = { name: 'step deferred', kind: 'mark', from: at, to: at, error: null };
  expect(toSpanName(span)).toBe('deferred');
  expect(toSpanName({ ...span, name: 'wait', kind: 'wait', step: 'pay' })).toBe('wait: pay');
  expect(toSpanName({ ...span, name: 'undo pay', kind: 'attempt' })).toBe('undo pay');
});
