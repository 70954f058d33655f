import { expect, it } from 'vitest';
import { readExpression } from './promql.ts';

it('finds metrics, the labels they are filtered by, and those that are grouped by', () => {
  expect(
    readExpression(
      'histogram_quantile(0.9, sum by (le, step) (rate(a_bucket{le=~"b|c",step!="{x}"}[5m]))) > 2 or vector(0)',
    ),
  ).toEqual({
    selectors: [{ metric: 'a_bucket', labels: ['le', 'step'] }],
    grouping: ['le', 'step'],
  });
});

it('takes no operator, unit or function for a metric', () => {
  const { selectors } = readExpression('a:b_c / on (x) d > 5 unless d offset 1h > 5 and absent(e)');
  expect(selectors.map(({ metric }) => metric)).toEqual(['a:b_c', 'd', 'd', 'e']);
});
