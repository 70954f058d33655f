import { expect, it } from 'vitest';
import { type DiskFigures, toReport } from './slow-disk-bench.ts';

const even = { median: 1, lower: 1, upper: 1 };
const loop = { 'orchestrator p50 ms': even };
const fast: DiskFigures = { flushMs: 1, throughput: even, slow: loop, fast: loop };

it('holds where a slow disk leaves most of the throughput', () => {
  const { holds, lines } = toReport([fast]);
  expect(holds).toBe(true);
  expect(lines.join('\n')).not.toContain('NOT');
});

it('does not hold where one of the disks takes too much of it', () => {
  const slow = { ...fast, flushMs: 5, throughput: { ...even, median: 0.5 } };
  const { holds, lines } = toReport([fast, slow]);
  expect(holds).toBe(false);
  expect(lines.join('\n')).toContain('0.50 (1.00 to 1.00) times as many; NOT at least 0.8');
});
