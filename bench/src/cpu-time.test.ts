import { expect, it } from 'vitest';
import { readCpuSeconds, readTreeSeconds, sumCpuSeconds } from './cpu-time.ts';

const line = '4242 (no) de (x) S 1 4242 4242 0 -1 4194560 1200 0 3 0 125 50 7 9 20 0 11 0 1000';

it('is user and system time, also of a program with a strange name', () => {
  expect(readCpuSeconds(line)).toBe(1.75);
});

it('is also that of programs which a program waited for', () => {
  expect(readTreeSeconds(line)).toBeCloseTo(1.91);
});

it('is no number where a process is not there', () => {
  expect(sumCpuSeconds([-1])).toBeNaN();
});
