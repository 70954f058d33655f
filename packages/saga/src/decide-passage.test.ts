import { describe, expect, test } from 'vitest';
import { decide, type Passage } from './decide.ts';
import type { Happening } from './event.ts';
import { decided, given, say, spent, succeeded, undoFailed, unknown } from './fixtures/history.ts';
import { trip } from './fixtures/trip.ts';

const booked = [succeeded('quote'), succeeded('flight'), succeeded('hotel')];

describe('without a passage', () => {
  const next = (type: Passage['type'], ...history: readonly Happening[]) =>
    decide(trip, given(...history), 100, () => ({ type, until: 500, healedAt: 0 }));
  const stepParked: Happening = { type: 'step-parked', way: 'quote', code: 'breaker-open' };
  const undoParked: Happening = { type: 'undo-parked', way: 'hotel', code: 'breaker-open' };
  const started = (way: string, direction: 'forward' | 'undo'): Happening => ({
    type: 'attempt-started',
    way,
    direction,
  });

  test('parks a step once, until it was called out of that', () => {
    const park = { type: 'park', direction: 'forward', code: 'breaker-open' };
    expect(next('parked')).toMatchObject({ ...park, way: { name: 'quote' } });
    expect(next('parked', stepParked)).toMatchObject({
      type: 'wait',
      until: 10_001,
      direction: 'forward',
      held: { participants: { quote: 'parked' }, tryAt: 500 },
    });
    expect(next('parked', stepParked, started('quote', 'undo'))).toMatchObject({ type: 'wait' });
    expect(next('parked', stepParked, started('quote', 'forward'))).toMatchObject(park);
  });

  test('parks an undo once, until it was called out of that', () => {
    const back = [...booked, decided];
    const park = { type: 'park', direction: 'undo', code: 'breaker-open' };
    expect(next('parked', ...back)).toMatchObject({ ...park, way: { name: 'hotel' } });
    expect(next('parked', ...back, undoParked)).toMatchObject({
      type: 'wait',
      until: 100 + 3_600_000,
      direction: 'undo',
      held: { participants: { agency: 'parked' }, tryAt: 500 },
    });
    const called = (direction: 'forward' | 'undo') =>
      next('parked', ...back, undoParked, started('hotel', direction));
    expect(called('forward')).toMatchObject({ type: 'wait' });
    expect(called('undo')).toMatchObject(park);
  });

  test('waits for a place, and looks again in any case', () => {
    expect(next('full')).toMatchObject({
      type: 'wait',
      until: 100 + 3_600_000,
      held: { participants: { quote: 'full' }, tryAt: 500 },
    });
    const past = decide(trip, given(), 900, () => ({ type: 'full', until: 500, healedAt: 0 }));
    expect(past).toMatchObject({ held: { tryAt: 900 } });
  });

  test('waits for what is due next, whoever it is held by', () => {
    const pay = undoFailed('pay', 'undo-unknown', { retryAt: 300 });
    const waits = next('full', ...booked, ...spent('pay'), decided, pay);
    expect(waits).toMatchObject({ type: 'wait', until: 300, way: { name: 'pay' } });
    expect(waits).toMatchObject({ held: { participants: { agency: 'full' }, tryAt: 300 } });
  });

  test('holds nothing that is not due', () => {
    const wait = next('parked', unknown('quote', { retryAt: 300 }));
    expect(wait).toMatchObject({ type: 'wait', until: 300 });
    expect(wait).not.toHaveProperty('held');
  });

  test('a step waits for its own time, though the breaker has closed since', () => {
    const state = given(unknown('quote', { retryAt: 300 }));
    const free = () => ({ type: 'free', until: 0, healedAt: 50 }) as const;
    expect(say(decide(trip, state, 100, free))).toBe('wait until 300 for forward quote');
  });
});
