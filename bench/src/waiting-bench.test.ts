import { expect, it } from 'vitest';
import { toReport, type WaitingFigures } from './waiting-bench.ts';

const even = { median: 1, lower: 1, upper: 1 };
const figures: WaitingFigures = {
  orders: 1_000,
  bytesPerOrder: 3,
  rounds: 12,
  throughput: even,
  isClear: true,
  cpu: even,
  residentBytes: 1e8,
  restart: { startMs: 300, firstCallMs: 310, newOrderMs: 320, listMs: 1, callsPerSecondMax: 200 },
  emptyRestartMs: 250,
};
const judge = (changes: Partial<WaitingFigures>) => toReport({ ...figures, ...changes });
const judgeRestart = (changes: Partial<WaitingFigures['restart']>) =>
  judge({ restart: { ...figures.restart, ...changes } });

it('holds where those that wait cost nearly nothing', () => {
  const { holds, lines } = judge({});
  expect(holds).toBe(true);
  expect(lines.join('\n')).not.toContain('NOT');
});

it('does not hold where each is in memory', () => {
  const { holds, lines } = judge({ bytesPerOrder: 2_000 });
  expect(holds).toBe(false);
  expect(lines.join('\n')).toContain('NOT at most 100');
});

it('does not hold where they slow the others down, once that is clear', () => {
  const throughput = { median: 0.85, lower: 0.8, upper: 0.95 };
  expect(judge({ throughput }).holds).toBe(false);
  expect(judge({ throughput, isClear: false }).holds).toBe(true);
});

it('does not hold where a restart keeps anybody waiting', () => {
  expect(judgeRestart({ firstCallMs: 1_100 }).holds).toBe(false);
  expect(judgeRestart({ newOrderMs: 1_100 }).holds).toBe(false);
});

it('blames nobody for a machine on which nothing starts within a second', () => {
  const restart = { ...figures.restart, newOrderMs: 1_400 };
  expect(judge({ restart, emptyRestartMs: 1_100 }).holds).toBe(true);
  expect(judge({ restart, emptyRestartMs: 900 }).holds).toBe(false);
});

it('does not hold where a participant that is back is called by all of them, or by none', () => {
  expect(judgeRestart({ callsPerSecondMax: 1_000 }).holds).toBe(false);
  expect(judgeRestart({ callsPerSecondMax: 0 }).holds).toBe(false);
});
