import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Tries, toDelayMs, toLongestMs, toTries, triesDefaults } from './policy.ts';

describe('a policy', () => {
  test('takes what it does not say from the defaults', () => {
    expect(toTries({ timeoutMs: 10, retry: { attemptsMax: 9 } }, triesDefaults.forward)).toEqual({
      ...triesDefaults.forward,
      timeoutMs: 10,
      attemptsMax: 9,
    });
  });

  test.each([
    ['a time-out of nothing', { timeoutMs: 0 }, 'timeoutMs must be above 0, not 0'],
    ['a time-out that nobody waits for', { timeoutMs: 600_001 }, 'timeoutMs must be 600000 at'],
    ['no attempt', { retry: { attemptsMax: 0 } }, 'attemptsMax must be above 0, not 0'],
    ['a negative delay', { retry: { firstDelayMs: -1 } }, 'firstDelayMs must be above 0, not -1'],
    ['a factor that is no number', { retry: { factor: Number.NaN } }, 'factor must be above 0'],
    ['a text', { timeoutMs: JSON.parse('"5"') }, 'timeoutMs must be above 0, not 5'],
    ['an endless delay', { retry: { delayMaxMs: Number.POSITIVE_INFINITY } }, 'must have an end'],
  ])('is refused with %s', (_, policy, why) => {
    expect(() => toTries(policy, triesDefaults.forward)).toThrow(RangeError);
    expect(() => toTries(policy, triesDefaults.forward)).toThrow(why);
  });

  test('may let an attempt take ten minutes', () => {
    expect(toTries({ timeoutMs: 600_000 }, triesDefaults.forward).timeoutMs).toBe(600_000);
  });
});

describe('a delay', () => {
  const tries = { ...triesDefaults.forward, firstDelayMs: 100, factor: 2, delayMaxMs: 1_000 };
  const toDelay = (
    failures: number,
    wish: Partial<Parameters<typeof toDelayMs>[2]> = {},
    policy: Tries = tries,
  ): number =>
    toDelayMs(
      policy,
      { failures, unsents: 0 },
      { patience: 'step', retryAfterMs: 0, random: 0.5, ...wish },
    );

  test('is anywhere between a millisecond and the whole of the current step', () => {
    expect(toDelay(1, { random: 0 })).toBe(1);
    expect(toDelay(1, { random: 0.999 })).toBe(100);
    expect(toDelay(3)).toBe(200);
    expect(toDelay(0)).toBe(50);
  });

  test('is never shorter than what the participant asked for', () => {
    expect(toDelay(1, { retryAfterMs: 700, random: 0 })).toBe(700);
  });

  test('goes on growing where nobody gives up, up to a quarter of an hour', () => {
    const endless = [1, 5, 6, 7, 12, 50].map((failures) =>
      toDelay(failures, { patience: 'endless' }),
    );
    expect(endless).toEqual([50, 500, 1_000, 2_000, 64_000, 450_000]);
    const exhausted = [1, 5, 6, 50].map((failures) => toDelay(failures, { patience: 'exhausted' }));
    expect(exhausted).toEqual([500, 500, 1_000, 450_000]);
    expect(toDelay(50)).toBe(500);
  });

  test('grows also where the policy has no growth, and never below its own longest', () => {
    const flat = { ...tries, factor: 1 };
    expect(toDelay(5, { patience: 'endless' }, flat)).toBe(50);
    expect(toDelay(9, { patience: 'endless' }, flat)).toBe(800);
    const patient = { ...tries, factor: 100, delayMaxMs: 3_600_000 };
    expect(toDelay(50, { patience: 'endless' }, patient)).toBe(1_800_000);
  });

  test('is never longer than the longest, and always a time', () => {
    fc.assert(
      fc.property(
        fc.nat(5_000),
        fc.constantFrom(1, 3, 5_000, Number.POSITIVE_INFINITY),
        fc.record({
          retryAfterMs: fc.oneof(fc.double({ noNaN: true }), fc.nat()),
          random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          patience: fc.constantFrom('step' as const, 'endless' as const, 'exhausted' as const),
        }),
        (failures, attemptsMax, wish) => {
          const { patience } = wish;
          const policy = { ...tries, attemptsMax };
          const delayMs = toDelay(failures, wish, policy);
          const longestMs = toLongestMs(policy, { failures, unsents: 0 }, patience);
          expect(delayMs).toBeGreaterThanOrEqual(1);
          expect(delayMs).toBeLessThanOrEqual(longestMs);
          expect(longestMs).toBeLessThanOrEqual(patience === 'step' ? 1_000 : 900_000);
        },
      ),
    );
  });
});
