import { expect, it } from 'vitest';
import {
  Fault,
  faultableOperations,
  faultKinds,
  findFaultContract,
  listDeclineCodes,
} from './fault.ts';
import { isFenced, problemsOf } from './operation.ts';
import { serviceContracts } from './service-contract.ts';

it('every effect and undo can be broken, and nothing else', () => {
  const fenced = [...serviceContracts.values()].flatMap((operations) =>
    Object.values(operations).flatMap((o) => (isFenced(o) ? [String(o.name)] : [])),
  );
  const own = faultableOperations.filter((name) => findFaultContract(name).name === name);
  expect(own.toSorted()).toEqual(fenced.toSorted());
});

it.each(faultableOperations)('%s says no with a refusal of its contract', (name) => {
  const operation = findFaultContract(name);
  for (const code of listDeclineCodes(operation)) {
    expect(problemsOf(operation)[code]).toMatchObject({ refusal: true, status: 409 });
  }
});

it.each(faultKinds)('%s needs nothing but its name', (kind) => {
  expect(Fault.parse({ kind })).toMatchObject({ kind });
  expect(Fault.safeParse({ kind, surprise: 1 }).success).toBe(false);
});
