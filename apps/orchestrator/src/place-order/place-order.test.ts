import { createStandIns } from '@baton/runtime/testing';
import { expect, it } from 'vitest';
import { createOrderSagas, toChecked } from './place-order.ts';
import structures from './structures.json' with { type: 'json' };

const recorded: Readonly<Record<string, string>> = structures;
const { participants } = createStandIns();
const sagas = createOrderSagas(participants);

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
  expect(createOrderSagas(participants, '')[0].version).toBe(Math.max(...versions));
});

it('starts new orders under the version that is asked for, and keeps the others', () => {
  const [newest, previous, ...older] = createOrderSagas(participants, '');
  const followed = createOrderSagas(participants, String(previous?.version));
  expect(followed.map(({ version }) => version)).toEqual(
    [previous, newest, ...older].map((saga) => saga?.version),
  );
});

it('refuses to follow a version that is not there, and says which are', () => {
  expect(() => createOrderSagas(participants, '2.0')).toThrow(
    /PLACE_ORDER_VERSION=2\.0: .*place-order has the versions \d.*, 1$/,
  );
});

it('refuses a version in a file of another number, as a copy is until its version is raised', () => {
  const [newest] = sagas;
  const create = toChecked(`v${newest.version + 1}.ts`, () => newest);
  expect(() => create(participants)).toThrow(
    `v${newest.version + 1}.ts says "version: ${newest.version}": write the number of its name`,
  );
  expect(toChecked(`v${newest.version}.ts`, () => newest)(participants)).toBe(newest);
});
