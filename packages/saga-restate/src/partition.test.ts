import { expect, test } from 'vitest';
import { countLanes, findLane, nameLane, readLaneName, toShare } from './partition.ts';

test('the lanes of a participant share out its permits, and none is left over', () => {
  for (const callsMax of [1, 7, 8, 15, 16, 32, 100, 1_000]) {
    const shares = Array.from({ length: countLanes(callsMax) }, (_, i) => toShare(callsMax, i));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(callsMax);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(2);
  }
});

test('a run has one lane of each participant, and the runs are spread over all of them', () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => `ord_${String(i * 7_919).padStart(32, '0')}`);
  const counts = [0, 0, 0, 0];
  for (const id of ids) {
    const { participant, index } = readLaneName(findLane('a/b', id, 32));
    expect([participant, nameLane('a/b', index)]).toEqual(['a/b', findLane('a/b', id, 32)]);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(200);
});
