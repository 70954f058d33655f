import { expect, it } from 'vitest';
import { toClock, toLocalTimes } from './words.ts';

it('shows an instant in a text of the orchestrator by the same clock as its own times', () => {
  const at = '2026-01-01T13:10:29.303Z';
  expect(toLocalTimes(`9 orders wait, next try at ${at}.`)).toBe(
    `9 orders wait, next try at ${toClock(Date.parse(at))}.`,
  );
});
