/** `npm run matrix -- OPERATION FAULT`: the grid's signs in words. */
import { expect, it } from 'vitest';
import { createMatrix } from './cell.ts';
import { explainCells } from './sentences.ts';
import { findPlaces } from './workflow.ts';

const matrix = createMatrix(await findPlaces());

it('says how an order ends for each duration, and why the other side of the commit cannot be', () => {
  expect(explainCells(matrix, { operation: 'inventory.reserve', kind: 'lost-reply' })).toEqual([
    'inventory.reserve: lost-reply after the commit, once, where nothing else is broken:\n' +
      '  completed. Baton asks again under the same key, so the effect happens once.',
    'inventory.reserve: lost-reply after the commit, until given up, where nothing else is broken:\n' +
      '  compensated (connection-reset). Baton gives up. The effect exists, and Baton undoes it with the rest.',
    'lost-reply before the commit: cannot be. Before the commit, see `reset`.',
  ]);
});

it('says all of an operation when no kind is named', () => {
  const said = explainCells(matrix, { operation: 'notification.notify' });
  const cells = matrix.cells.filter(({ operation }) => operation === 'notification.notify');
  expect(said.filter((line) => !line.includes('cannot be'))).toHaveLength(cells.length);
});
