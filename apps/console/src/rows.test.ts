import { expect, it } from 'vitest';
import { applyEvent, isUnclear, matches, type Row } from './rows.ts';

const at = (seq: number): string => new Date(seq * 1_000).toISOString();
const event = (seq: number, type: string, more: object = {}) => ({
  seq,
  type,
  at: at(seq),
  ...more,
});

function tell(...events: readonly ReturnType<typeof event>[]): Row {
  let row: Row | undefined;
  for (const told of events) row = applyEvent(row, 'ord_1', told);
  if (!row) throw new Error('nothing was told');
  return row;
}

it('follows a run from its acceptance to its end', () => {
  const events = [
    event(1, 'accepted'),
    event(2, 'step-succeeded', { step: 'validate' }),
    event(3, 'step-refused', { step: 'pay:alt', code: 'declined' }),
    event(4, 'compensation-decided', { step: 'pay', code: 'declined' }),
    event(5, 'undo-succeeded', { step: 'validate' }),
    event(6, 'compensated'),
  ];
  const statuses = events.map((_, place) => tell(...events.slice(0, place + 1)).status);
  expect(statuses).toEqual([
    'accepted',
    'running',
    'running',
    'compensating',
    'compensating',
    'compensated',
  ]);
  expect(tell(...events)).toMatchObject({ createdAt: 1_000, endedAt: 6_000, code: 'declined' });
});

it('takes no event twice, and none that is older than what it knows', () => {
  const row = tell(event(1, 'accepted'), event(2, 'completed'));
  expect(applyEvent(row, 'ord_1', event(2, 'completed'))).toBe(row);
  expect(applyEvent(row, 'ord_1', event(1, 'accepted'))).toBe(row);
});

it('keeps the end of a run whose deferred step is done afterwards, and asks what is still owed', () => {
  const put = [
    event(1, 'accepted'),
    event(2, 'step-deferred', { step: 'notify' }),
    event(3, 'completed'),
  ];
  const row = tell(...put);
  expect(row.degraded).toEqual(['notify']);
  const repaired = event(4, 'step-succeeded', { step: 'notify' });
  expect(isUnclear(row, repaired)).toBe(true);
  expect(applyEvent(row, 'ord_1', repaired)).toMatchObject({ status: 'completed', endedAt: 3_000 });
});

it.each([
  [{ status: '', text: '' }, true],
  [{ status: 'open', text: '' }, false],
  [{ status: 'completed', text: 'ord_1' }, true],
  [{ status: 'completed', text: 'ord_2' }, false],
  [{ status: 'degraded', text: '' }, false],
])('shows a completed run under %j: %s', (filter, isShown) => {
  expect(matches(tell(event(1, 'accepted'), event(2, 'completed')), filter)).toBe(isShown);
});
