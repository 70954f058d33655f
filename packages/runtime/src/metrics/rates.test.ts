import type { Committed } from '@baton/saga';
import { expect, it } from 'vitest';
import { countRates } from './rates.ts';

function openRates() {
  const time = { nowMs: 0 };
  let tell = (_committed: Committed): void => {};
  const read = countRates(
    {
      subscribe: (listener) => {
        tell = listener;
        return () => {};
      },
    },
    () => time.nowMs,
  );
  return {
    time,
    read,
    commit: (type: string, tookMs = 0) =>
      tell({
        event: { type, at: time.nowMs },
        state: { acceptedAt: time.nowMs - tookMs },
      } as Committed),
  };
}

it('counts whole slices alone, so that the newest is not always low', () => {
  const { time, read, commit } = openRates();
  for (const at of [0, 4_999, 5_000, 9_000, 9_999, 12_000]) {
    time.nowMs = at;
    commit('accepted');
  }
  commit('completed');
  expect(read().accepted.slice(-3)).toEqual([0, 2, 3]);
  time.nowMs = 15_000;
  expect(read().accepted.slice(-3)).toEqual([2, 3, 1]);
  expect(read().completed.slice(-3)).toEqual([0, 0, 1]);
});

it('says within a tenth what half of those that ended in the last minute took', () => {
  const { time, read, commit } = openRates();
  expect(read()).toMatchObject({ halfWithinMs: null, mostWithinMs: null });
  for (let ms = 10; ms <= 1_000; ms += 10) commit(ms % 20 ? 'completed' : 'compensated', ms);
  const { halfWithinMs, mostWithinMs } = read();
  expect(halfWithinMs).toSatisfy((ms: number) => ms >= 500 && ms <= 550);
  expect(mostWithinMs).toSatisfy((ms: number) => ms >= 950 && ms <= 1_056);
  time.nowMs = 70_000;
  expect(read()).toMatchObject({ halfWithinMs: null, mostWithinMs: null });
});

it('forgets what is five minutes old, and what a clock that was ahead has counted', () => {
  const { time, read, commit } = openRates();
  commit('accepted');
  time.nowMs = 304_999;
  commit('accepted');
  expect(read().accepted[0]).toBe(1);
  time.nowMs = 305_000;
  commit('accepted');
  expect(read().accepted[0]).toBe(0);
  time.nowMs = 1_000_000;
  commit('accepted');
  time.nowMs = 320_000;
  commit('accepted');
  time.nowMs = 1_005_000;
  expect(read().accepted.at(-1)).toBe(0);
});
