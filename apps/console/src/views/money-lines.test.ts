import { expect, it } from 'vitest';
import { type MoneyBooks, toMoneyLines } from './money-lines.ts';

const books = {
  currency: 'EUR',
  taken: 11_111,
  givenBack: 1_000,
  completedOrders: 10_000,
  openOrders: 100,
  writtenOff: 10,
  unexplained: 1,
  balanced: false,
} as MoneyBooks;

it('shows what is not given back, what for, and the difference of the two sums by itself', () => {
  const lines = toMoneyLines(books, 'orders');
  const sums = lines.flatMap(([, amount, isSum]) => (isSum ? [amount] : []));
  expect(sums).toEqual(['101.11 EUR', '101.10 EUR']);
  const keptAt = lines.findIndex(([what]) => what === 'not given back');
  const parts = lines.slice(keptAt + 1, -2).map(([, amount]) => Number.parseFloat(amount));
  expect(parts.reduce((sum, amount) => sum + amount * 100, 0)).toBe(10_110);
  expect(lines.at(-1)).toEqual(['unexplained: by how much the two sums differ', '0.01 EUR']);
});
