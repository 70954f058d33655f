import { createStandIns } from '@baton/runtime/testing';
import { expect, it } from 'vitest';
import { createOrderSagas } from './place-order.ts';
import structures from './structures.json' with { type: 'json' };

const recorded: Readonly<Record<string, string>> = structures;
const sagas = createOrderSagas(createStandIns().participants);

it.each(sagas.map((saga) => [`v${saga.version}`, saga] as const))(
  'has the steps of %s that orders in flight began with (of a new version: npm run generate)',
  (version, { structure }) => {
    expect(
      structure,
      `Orders in flight began with other steps of ${version}: leave its file as it was, and copy it to a new version`,
    ).toBe(recorded[version]);
  },
);

it('starts new orders under the newest version that ever was', () => {
  const versions = Object.keys(recorded).map((version) => Number(version.slice(1)));
  expect(sagas[0]?.version).toBe(Math.max(...versions));
});

it('finds each version in the file that has its number', () => {
  expect(new Set(sagas.map(({ version }) => version)).size).toBe(sagas.length);
});
