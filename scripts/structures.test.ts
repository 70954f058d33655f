import { expect, test } from 'vitest';
import { checkNumbers } from './structures.ts';

test('versions in any order have no gap', () => {
  expect(() => checkNumbers([3, 1, 2])).not.toThrow();
});

test.each([
  [[1, 2, 4], 'has a version 4, but there never was a version 3: name the file v3.ts'],
  [[2], 'has a version 2, but there never was a version 1'],
])('%j has one, and is told how to close it', (versions, message) => {
  expect(() => checkNumbers(versions)).toThrow(message);
});
