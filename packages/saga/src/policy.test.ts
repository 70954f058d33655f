import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forwardDefaults, toDelayMs, toTries } from './policy.ts';

describe('a policy', () => {
  test('takes what it does not say from the defaults', () => {
    expect(toTries({ timeoutMs: 10, retry: { attemptsMax: 9 } }, forwardDefaults)).toEqual({
      ...forwardDefaults,
      timeoutMs: 10,
      attemptsMax: 9,
    });
  });

  test.each([
    ['a time-out of nothing', { timeoutMs: 0 }],
    ['a time-out that nobody waits for', { timeoutMs: 600_001 }],
    ['no attempt', { retry: { attemptsMax: 0 } }],
    ['a negative delay', { retry: { firstDelayMs: -1 } }],
    ['a factor that is no number', { retry: { factor: Number.NaN } }],
    ['a delay without an end', { retry: { delayMaxMs: Number.POSITIVE_INFINITY } }],
  ])('is refused with %s', (_, policy) => {
    expect(() => toTries(policy, forwardDefaults)).toThrow(RangeError);
  });
});

describe('a delay', () => {
  const tries = { ...forwardDefaults, firstDelayMs: 100, factor: 2, delayMaxMs: 1_000 };

  test('is anywhere between a millisecond and the whole of the current step', () => {
    expect(toDelayMs(tries, 1, 0, 0)).toBe(1);
    expect(toDelayMs(tries, 1, 0, 0.999)).toBe(100);
    expect(toDelayMs(tries, 3, 0, 0.5)).toBe(200);
    expect(toDelayMs(tries, 0, 0, 0.5)).toBe(50);
  });

  test('is never shorter than what the participant asked for', () => {
    expect(toDelayMs(tries, 1, 700, 0)).toBe(700);
  });

  test('is never longer than the longest, and always a time', () => {
    fc.assert(
      fc.property(
        fc.nat(5_000),
        fc.oneof(fc.double({ noNaN: true }), fc.nat()),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, retryAfterMs, random) => {
          const delayMs = toDelayMs(tries, failures, retryAfterMs, random);
          expect(delayMs).toBeGreaterThanOrEqual(1);
          expect(delayMs).toBeLessThanOrEqual(1_000);
        },
      ),
    );
  });
});
