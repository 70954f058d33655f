import { expect, it } from 'vitest';
import {
  FAULT_KINDS,
  FAULT_OPERATIONS,
  Fault,
  findFaultContract,
  listDeclineCodes,
} from './fault.ts';
import { isFenced, problemsOf } from './operation.ts';
import { SERVICE_CONTRACTS } from './service-contract.ts';

it('every effect and undo can be broken, and nothing else', () => {
  const fenced = [...SERVICE_CONTRACTS.values()].flatMap((operations) =>
    Object.values(operations).flatMap((o) => (isFenced(o) ? [String(o.name)] : [])),
  );
  const own = FAULT_OPERATIONS.filter((name) => findFaultContract(name).name === name);
  expect(own.toSorted()).toEqual(fenced.toSorted());
});

it.each(FAULT_OPERATIONS)('%s says no with a refusal of its contract', (name) => {
  const operation = findFaultContract(name);
  for (const code of listDeclineCodes(operation)) {
    expect(problemsOf(operation)[code]).toMatchObject({ refusal: true, status: 409 });
  }
});

it.each(FAULT_KINDS)('%s needs nothing but its name', (kind) => {
  expect(Fault.parse({ kind })).toMatchObject({ kind });
  expect(Fault.safeParse({ kind, surprise: 1 }).success).toBe(false);
});
