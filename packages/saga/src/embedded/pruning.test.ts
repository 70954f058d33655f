import { expect, test } from 'vitest';
import type { Age } from '../journal/journal.ts';
import { findOld, toOlder } from './pruning.ts';

const keepMs = 3_200;
const fresh: Age = { livedMs: 0, marks: [] };

/** A position a millisecond, looked at every `stepMs`. */
function grow(age: Age, stepMs: number, times: number): Age {
  let older = age;
  for (let i = 0; i < times; i += 1) older = toOlder(older, stepMs, older.livedMs + stepMs, keepMs);
  return older;
}

test('marks where the journal is at once, then whenever a part of the time has passed', () => {
  const begun = toOlder(fresh, 0, 7, keepMs);
  expect(begun).toEqual({ livedMs: 0, marks: [[0, 7]] });
  expect(toOlder(begun, 99, 8, keepMs)).toEqual({ livedMs: 99, marks: [[0, 7]] });
  expect(toOlder(begun, 100, 8, keepMs).marks).toEqual([
    [0, 7],
    [100, 8],
  ]);
});

test('nothing is old before the time has passed', () => {
  const begun = toOlder(fresh, 0, 7, keepMs);
  expect(findOld(begun, keepMs)).toBe(0);
  expect(findOld(toOlder(begun, 3_199, 8, keepMs), keepMs)).toBe(0);
  expect(findOld(toOlder(begun, 3_200, 8, keepMs), keepMs)).toBe(7);
});

test('what is old is never younger than the time, and hardly older', () => {
  const { livedMs, marks } = grow(fresh, 10, 10_000);
  const old = findOld({ livedMs, marks }, keepMs);
  expect(livedMs - old).toBeGreaterThanOrEqual(keepMs);
  expect(livedMs - old).toBeLessThanOrEqual(keepMs + 110);
  expect(marks.length).toBeLessThanOrEqual(34);
});

test('what was marked for a longer time serves a shorter one', () => {
  expect(
    findOld(
      {
        livedMs: 3_000,
        marks: [
          [0, 1],
          [1_000, 2],
          [2_500, 3],
        ],
      },
      900,
    ),
  ).toBe(2);
});
