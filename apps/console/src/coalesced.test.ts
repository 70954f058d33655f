import { expect, it } from 'vitest';
import { coalesced } from './coalesced.ts';

it('does once more what was asked for while it was done, however often', async () => {
  const ends: (() => void)[] = [];
  const again = coalesced(() => new Promise((resolve) => ends.push(resolve)));
  for (let times = 0; times < 5; times += 1) again();
  ends[0]?.();
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  again();
  expect(ends).toHaveLength(3);
});
