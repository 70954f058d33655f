import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createOrderSagas } from './order-saga.ts';
import { createStandIns } from './testing/stand-in.ts';

const structures = z
  .record(z.string(), z.string())
  .parse(
    JSON.parse(readFileSync(new URL('./order-saga-structures.json', import.meta.url), 'utf8')),
  );
const sagas = createOrderSagas(createStandIns().participants);

const whatToDo = (key: string, structure: string): string => `
The structure of ${key} (names, order, kinds or undos of its steps) is not the one that orders in flight began with.
Whoever deploys this would set all of them aside. If the workflow is to change:
  1. copy order-saga.ts, as it was, to order-saga-N.ts, N being its version, and list it in createOrderSagas;
  2. raise the version in order-saga.ts;
  3. add the new version to order-saga-structures.json; never change a line that is there:
     "name@version": "${structure}"
`;

it.each(sagas.map((saga) => [`${saga.name}@${saga.version}`, saga] as const))(
  'has the structure for %s that orders in flight began with',
  (key, { structure }) => {
    expect(structures[key], whatToDo(key, structure)).toBe(structure);
  },
);

it('starts new orders under the newest version that ever was', () => {
  const versions = Object.keys(structures).map((key) => Number(key.split('@')[1]));
  expect(sagas[0].version).toBe(Math.max(...versions));
});

it('gives each version its own place in the list', () => {
  expect(new Set(sagas.map(({ version }) => version)).size).toBe(sagas.length);
});
