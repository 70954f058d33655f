import { expect, it } from 'vitest';
import { isDecided, runPairs, toSpread, toText } from './ratio.ts';

it('says the middle value and the middle half, whatever the order', () => {
  expect(toSpread([5, 1, 3, 2, 4])).toEqual({ median: 3, lower: 2, upper: 4 });
});

it('lies between the two middle values where their number is even', () => {
  expect(toSpread([1, 2, 3, 10])).toEqual({ median: 2.5, lower: 1.75, upper: 4.75 });
});

it('is no number where there are none', () => {
  expect(toSpread([])).toEqual({ median: Number.NaN, lower: Number.NaN, upper: Number.NaN });
});

it('is written with its spread', () => {
  expect(toText({ median: 0.876, lower: 0.8, upper: 0.91 })).toBe('0.88 (0.80 to 0.91)');
});

it('is decided when hardly any are on the other side', () => {
  const near = [0.7, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9];
  expect(isDecided(near, 0.8)).toBe(true);
  expect(isDecided([0.75, ...near.slice(0, -1)], 0.8)).toBe(false);
  expect(
    isDecided(
      near.map((value) => 1.6 - value),
      0.8,
    ),
  ).toBe(true);
});

it('is not decided by a few, whatever they say', () => {
  expect(isDecided([], 0.8)).toBe(false);
  expect(isDecided([0.9, 0.9, 0.9], 0.8)).toBe(false);
});

it('runs pairs turn about, one at a time, and keeps who is who', async () => {
  const ran: string[] = [];
  const run = (name: string) => async () => {
    ran.push(name);
    await Promise.resolve();
    ran.push(`${name} ended`);
    return name;
  };
  const pairs = await runPairs(({ length }) => length === 3, run('a'), run('b'));
  expect(pairs).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ]);
  const began = ran.filter((what) => !what.endsWith('ended'));
  expect(began.join('')).toBe('abbaab');
  expect(ran.filter((_, index) => index % 2 === 1)).toEqual(began.map((name) => `${name} ended`));
});
