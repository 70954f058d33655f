import { expect, it } from 'vitest';
import { type Cost, toClusterLines } from './cluster-cost.ts';

const toEven = (median: number) => ({ median, lower: median, upper: median });
const cost: Cost = {
  slowdown: toEven(20),
  cpu: toEven(30),
  used: toEven(0.9),
  idle: toEven(0.02),
  nodeShare: toEven(0.7),
};
const say = (runs: Cost): string =>
  toClusterLines({ runs, orders: cost, oneLane: cost }).join('\n');

it('says how many of the orders the machine still carries', () => {
  expect(say(cost)).toContain('it carries 5 % with the cluster');
});

it('blames the processors where none of their time is left over, and nothing where some is', () => {
  expect(say(cost)).toContain(
    'The processors are what bounds it: it uses 90 % of their time, and 2 % is left over',
  );
  expect(say({ ...cost, idle: toEven(0.4) })).toContain('are NOT what bounds it');
});
