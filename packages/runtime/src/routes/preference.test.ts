import { expect, it } from 'vitest';
import { readWaitSeconds } from './preference.ts';

it.each([
  [undefined, 0],
  ['', 0],
  ['wait=10', 10],
  ['respond-async, wait=5', 5],
  ['wait = "7"; foo', 7],
  ['WAIT=3', 3],
  ['wait=0', 0],
  ['wait=999999', 30],
  ['await=5', 0],
  ['wait=-5', 0],
  ['wait=soon', 0],
])('reads %j as %d seconds', (prefer, seconds) => {
  expect(readWaitSeconds(prefer)).toBe(seconds);
});
