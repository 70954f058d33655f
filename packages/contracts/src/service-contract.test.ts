import { describe, expect, it } from 'vitest';
import { isEffectKey, runIdOfKey } from './effect-key.ts';
import { type Operation, problemsOf } from './operation.ts';
import { serviceContracts } from './service-contract.ts';

const all: readonly (readonly [string, Operation])[] = [...serviceContracts.values()]
  .flatMap((operations) => Object.values(operations))
  .map((operation) => [operation.name, operation]);

describe.each(all)('%s', (_name, operation) => {
  it('has examples that keep its contract', () => {
    if ('body' in operation && operation.body !== undefined) {
      expect(operation.body.safeParse(operation.examples.body).error).toBeUndefined();
    }
    const [reply] = Object.values(operation.replies);
    expect(reply?.safeParse(operation.examples.reply).error).toBeUndefined();
  });

  it('refuses unknown fields and drops unknown ones of a reply', () => {
    if ('body' in operation && operation.body !== undefined) {
      const body = { ...Object(operation.examples.body), surprise: 1 };
      expect(operation.body.safeParse(body).success).toBe(false);
    }
    const [reply] = Object.values(operation.replies);
    const body = { ...Object(operation.examples.reply), surprise: 1 };
    expect(reply?.safeParse(body).success).toBe(true);
  });

  it('says of each problem a status that fits', () => {
    for (const { status, refusal } of Object.values(problemsOf(operation))) {
      expect(status).toBeGreaterThanOrEqual(400);
      // A refusal must not share a status with what is merely not worth retrying.
      if (refusal) expect(status).toBe(409);
    }
  });
});

it('no name, and no route of one service, is used twice', () => {
  const names = all.map(([name]) => name);
  const routes = all.map(([, { service, method, path }]) => `${service} ${method} ${path}`);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(routes).size).toBe(routes.length);
});

it('every effect is undone by a route of its own service, or says that nothing undoes it', () => {
  for (const [, operation] of all) {
    if (operation.kind !== 'effect' || operation.undo === null) continue;
    const routes = Object.values(serviceContracts.get(operation.service) ?? {});
    expect(routes.find(({ path }) => path === operation.undo)?.kind).toBe('undo');
  }
});

it.each([
  ['ord_1:reserve', 'ord_1'],
  ['ord_1:pay:alt', 'ord_1'],
  ['shp_7f:pack', 'shp_7f'],
  ['ord_1:reserve:late', undefined],
  ['ord_1', undefined],
  ['ord_1:', undefined],
  ['ord_1:Reserve', undefined],
  [' ord_1:reserve', undefined],
  ['ord_1:reserve\n', undefined],
  ['ord_1:reserve, ord_2:reserve', undefined],
])('the key %j is of run %s', (key, runId) => {
  expect(runIdOfKey(key)).toBe(runId);
  expect(isEffectKey(key)).toBe(runId !== undefined);
});
