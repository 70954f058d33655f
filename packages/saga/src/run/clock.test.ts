import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createClock, repeat } from './clock.ts';

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

describe('a repetition', () => {
  test('goes on until stopped, also from inside', async () => {
    const clock = createVirtualClock(0);
    const rings: number[] = [];
    const stop = repeat(clock, 10, () => {
      rings.push(clock.now());
      if (rings.length === 3) stop();
    });
    await expect(clock.run(() => false, 100)).rejects.toThrow('nothing is left');
    expect(rings).toEqual([10, 20, 30]);
  });

  test('goes on after its work failed', async () => {
    const clock = createVirtualClock(0);
    let rings = 0;
    const stop = repeat(clock, 10, () => {
      rings++;
      throw new Error('no disk');
    });
    await expect(clock.run(() => false, 15)).rejects.toThrow('no disk');
    await expect(clock.run(() => false, 15)).rejects.toThrow('no disk');
    expect(rings).toBe(2);
    stop();
  });
});
