/** Every step × every fault × before and after the commit × forward and undo: each order must end as the rule says. */
import { existsSync, readFileSync } from 'node:fs';
import { faultKinds } from '@baton/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeCell, lastings, listCalled, type Place } from './matrix/cell.ts';
import { document, toDocument } from './matrix/document.ts';
import { moments } from './matrix/fault-facts.ts';
import { type PlayedMatrix, playMatrix } from './matrix/play-matrix.ts';
import { findPlaces } from './matrix/workflow.ts';
import { orderPlan } from './order-plan.ts';

const places = await findPlaces();
let matrix: PlayedMatrix;
beforeAll(async () => {
  matrix = await playMatrix();
}, 660_000);

describe.each(listCalled(places))('%s', (operation) => {
  it('ends every order as it must, whatever fault hits it', () => {
    const played = matrix.played.filter(({ cell }) => cell.operation === operation);
    const wrong = played.flatMap(({ cell, complaints }) =>
      complaints.length > 0 ? [`${describeCell(cell)}: ${complaints.join('; ')}`] : [],
    );
    expect(played.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it('leaves no combination of faults unplayed and unexplained', () => {
    const { played, impossible } = matrix;
    const drawn = [...played.map(({ cell }) => cell), ...impossible].filter(
      (cell) => cell.operation === operation,
    );
    const holes = faultKinds.flatMap((kind) =>
      moments.flatMap((moment) =>
        lastings
          .filter(
            (lasting) =>
              !drawn.some(
                (cell) => cell.kind === kind && cell.moment === moment && cell.lasting === lasting,
              ),
          )
          .map((lasting) => `${kind} ${moment} the commit, ${lasting}`),
      ),
    );
    expect(holes).toEqual([]);
  });
});

it('goes to every step, by each of its ways, forward and back', () => {
  const calls = orderPlan.flatMap(({ first, alternate }) =>
    [first, ...(alternate ? [alternate] : [])].flatMap(({ name, undo }) => [
      `${name} forward`,
      ...(undo ? [`${name} undo`] : []),
    ]),
  );
  const toWay = ({ step, way }: Place) => (way === 'first' ? step : `${step}:alt`);
  expect(places.map((place) => `${toWay(place)} ${place.direction}`)).toEqual(calls);
});

it('leaves the books balanced, and no program complains', () => {
  expect(matrix.complaints).toEqual([]);
});

it('judges by a rule that knows nothing of the engine', () => {
  const files = ['expected-end', 'cell', 'fault-facts'].map((name) =>
    readFileSync(new URL(`matrix/${name}.ts`, import.meta.url), 'utf8'),
  );
  const imported = files.flatMap((text) =>
    [...text.matchAll(/from '([^']+)'/g)].map(([, of]) => of),
  );
  expect([...new Set(imported)].sort()).toEqual([
    './cell.ts',
    './fault-facts.ts',
    '@baton/contracts',
  ]);
});

it('docs/failure-matrix.md says what was played (else: npm run matrix)', () => {
  const written = existsSync(document) ? readFileSync(document, 'utf8') : '';
  expect(written).toBe(toDocument(matrix));
});
