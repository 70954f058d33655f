import { Fault, faultableOperations, faultKinds } from '@baton/contracts';
import { expect, it } from 'vitest';
import { type FaultChange, scheduleFaults } from './fault-schedule.ts';

/** Enough to come across every operation. */
const changesMax = 25 * faultableOperations.length;

function take(seed: number): readonly FaultChange[] {
  const schedule = scheduleFaults(seed);
  return Array.from({ length: changesMax }, () => schedule.next().value);
}

it('is the same for the same seed, and another for another', () => {
  expect(take(7)).toEqual(take(7));
  expect(take(7)).not.toEqual(take(8));
});

it('switches off only what is on, keeps at most three on, and reaches every kind and operation', () => {
  const on = new Set<string>();
  for (const { operation, fault } of take(7)) {
    if (fault) expect(Fault.parse(fault)).toEqual(fault);
    expect(on.has(operation)).toBe(fault === null);
    if (fault) on.add(operation);
    else on.delete(operation);
    expect(on.size).toBeLessThanOrEqual(3);
  }
  const changes = take(7);
  expect(new Set(changes.flatMap(({ fault }) => fault?.kind ?? [])).size).toBe(faultKinds.length);
  expect(new Set(changes.map(({ operation }) => operation)).size).toBe(faultableOperations.length);
});
