import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClock } from './clock.ts';

describe('the wall clock', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('rings an hour later at most, since longer timers overflow', () => {
    const clock = createClock();
    let rings = 0;
    clock.setTimer(30 * 86_400_000, () => rings++);
    vi.advanceTimersByTime(3_599_999);
    expect(rings).toBe(0);
    vi.advanceTimersByTime(1);
    expect(rings).toBe(1);
  });

  test('does not ring once called off', () => {
    let rings = 0;
    createClock().setTimer(10, () => rings++)();
    vi.advanceTimersByTime(20);
    expect(rings).toBe(0);
  });

  test('does not follow the system when that is set back', () => {
    const clock = createClock();
    const before = clock.now();
    vi.setSystemTime(0);
    expect(clock.now()).toBeGreaterThanOrEqual(before);
  });
});
