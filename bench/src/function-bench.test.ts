import { expect, it } from 'vitest';
import { toReport } from './function-bench.ts';

const twice = { median: 2, lower: 1.5, upper: 2.5 };

it('says how busy a process would have to be to be cheaper', () => {
  const figures = { coldStart: twice, memory: twice, alone: twice, crowd: twice, cpu: twice };
  const { holds, lines } = toReport(figures);
  expect(holds).toBe(true);
  expect(lines.at(-1)).toContain('less than 50 % at 1 times the price, 5 % at 10 times the price');
});
