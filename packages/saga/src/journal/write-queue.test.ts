import { expect, test } from 'vitest';
import { WriteQueue } from './write-queue.ts';

test('what is written while a commit is told of is stored with the next one', async () => {
  const stored: number[][] = [];
  let second: Promise<number> | undefined;
  const queue = new WriteQueue(
    (work) => {
      const positions = work();
      stored.push(positions);
      second ??= queue.add(() => 2);
      return positions;
    },
    () => {},
  );
  expect(await queue.add(() => 1)).toBe(1);
  expect(await second).toBe(2);
  expect(stored).toEqual([[1], [2]]);
});
