import { expect, it } from 'vitest';
import { type Scenario, simulate } from './partitions.ts';

const usual: Scenario = {
  name: 'usual',
  partitions: 100,
  load: 0.6,
  key: 'order',
  retry: 'spread',
  openSecondsMax: 30,
  seconds: 600,
};
const lost = { fromSecond: 60, seconds: 120, takeOverSeconds: 5 };
const nobody = { ...lost, takeOverSeconds: Number.POSITIVE_INFINITY };
const run = (changes: Partial<Scenario>, seed = 7) => simulate({ ...usual, ...changes }, seed);

it('gives the same figures for the same seed, and others for another', () => {
  expect(run({ lost })).toEqual(run({ lost }));
  expect(run({ lost }, 8)).not.toEqual(run({ lost }));
});

it('refuses nobody while the load is even and below capacity', () => {
  const { busiest, refusals, openSeconds } = run({});
  expect(busiest).toBeLessThan(1.05);
  expect([refusals, openSeconds < 0.1]).toEqual([0, true]);
});

it('overloads a partition that is chosen by its customers', () => {
  const { busiest, refusals, recoverySeconds } = run({ key: 'customer' });
  expect(busiest).toBeGreaterThan(3);
  expect(refusals).toBeGreaterThan(0);
  expect(recoverySeconds).toBe(Number.POSITIVE_INFINITY);
});

it('is well again soon after a zone was taken over, where two thirds can do the load', () => {
  expect(run({ lost }).recoverySeconds).toBeLessThan(90);
  const overloaded = run({ lost, load: 0.8 });
  expect(overloaded.recoverySeconds).toBeGreaterThan(lost.seconds);
});

it('works off what a lost zone kept away in as long as the spare capacity takes', () => {
  const { recoverySeconds } = run({ lost: nobody, openSecondsMax: 1_000 });
  const expected = nobody.seconds + (nobody.seconds * 0.6) / (1 - 0.6);
  expect(recoverySeconds / expected).toBeGreaterThan(0.9);
  expect(recoverySeconds / expected).toBeLessThan(1.2);
});

it('has a higher peak where clients come back in step', () => {
  const [spread, inStep] = [run({ lost: nobody }), run({ lost: nobody, retry: 'in step' })];
  expect(inStep.peak).toBeGreaterThan(2 * spread.peak);
});
