import { expect, it } from 'vitest';
import { completedShape } from './trace-shape.ts';
import { findWrong, toFigures, toReport } from './tracing-bench.ts';

const round = { orders: 10, perSecond: 100, cpuPerOrder: 0.01, lagMs: 0, spans: 0, wrong: {} };
const toPair = (perSecond: number, wrong: Record<string, number> = {}, cpuPerOrder = 0.012) =>
  [{ ...round, perSecond, cpuPerOrder, lagMs: 150, spans: 180, wrong }, round] as const;
const toPairs = (shares: readonly number[], cpuPerOrder: number) =>
  shares.map((share) => toPair(share, {}, cpuPerOrder));

it('finds nothing wrong where every order has all of its spans', () => {
  expect(findWrong({ shapes: { [completedShape]: 7 } }, 7)).toEqual({});
});

it('finds orders that lack a span, or all of them', () => {
  const shapes = { [completedShape]: 7, '1 orchestrator server': 2 };
  expect(findWrong({ shapes }, 9)).toEqual({ '1 orchestrator server': 2 });
  expect(findWrong({ shapes }, 10)).toEqual({ '1 orchestrator server': 2, nothing: 1 });
});

it('compares the two of each pair, so that the machine is the same for both', () => {
  const figures = toFigures([toPair(50), toPair(75), toPair(100)]);
  expect(figures).toMatchObject({ rounds: 3, orders: 30, spans: 540, wrong: [] });
  expect(figures.throughput).toEqual({ median: 0.75, lower: 0.625, upper: 0.875 });
  expect(figures.cpu.median).toBeCloseTo(1.2);
});

it('holds while four fifths of the throughput are left', () => {
  expect(toReport(toFigures([toPair(80)]), false).holds).toBe(true);
  expect(toReport(toFigures(Array(9).fill(toPair(79))), false).holds).toBe(false);
});

it('does not hold where a third more time is taken, by work or by waiting', () => {
  const [apart, together] = [[40, 45, 50, 55, 65, 75, 85, 95, 110], Array(9).fill(70)];
  const judge = (shares: readonly number[], cpuPerOrder: number) =>
    toReport(toFigures(toPairs(shares, cpuPerOrder)), false);
  expect(judge(apart, 0.014).holds).toBe(false);
  expect(judge(together, 0.01).holds).toBe(false);
  expect(judge(together, 0.014).lines.join('\n')).toContain('LESS THAN 0.8');
});

it('believes the processor time where rounds are too far apart to say', () => {
  const apart = [40, 45, 50, 55, 78, 85, 95, 110, 130];
  const report = toReport(toFigures(toPairs(apart, 0.0124)), false);
  expect(report.holds).toBe(true);
  expect(report.lines.join('\n')).toContain('too far apart to say');
  expect(toReport(toFigures(toPairs(apart, 0.0126)), false).holds).toBe(false);
  expect(toReport(toFigures(toPairs(apart, Number.NaN)), false).holds).toBe(false);
});

it('asks of a real Jaeger only that it has every span', () => {
  expect(toReport(toFigures([toPair(10)]), true).holds).toBe(true);
  expect(toReport(toFigures([toPair(100, { nothing: 1 })]), true).holds).toBe(false);
});

it('does not hold where spans are missing, however fast', () => {
  const report = toReport(toFigures([toPair(100), toPair(100, { nothing: 1 })]), false);
  expect(report.holds).toBe(false);
  expect(report.lines.join('\n')).toContain('WRONG in 1 rounds: [{"nothing":1}]');
});
