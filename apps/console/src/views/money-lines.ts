/** The books of one currency, line by line: what is kept, and for what. Where the two sums differ, money is unexplained. Pure. */
import type { Audit } from '@baton/contracts';
import { toMoney } from '../words.ts';

export type MoneyBooks = Audit['money'][number];
type Line = readonly [what: string, amount: string, isSum?: boolean];

/** `many`: what runs are called. */
export function toMoneyLines(books: MoneyBooks, many: string): readonly Line[] {
  const show = (minor: number): string => toMoney(minor, books.currency);
  return [
    ['taken by the providers', show(books.taken)],
    ['given back', show(-books.givenBack)],
    ['not given back', show(books.taken - books.givenBack), true],
    [`paid for completed ${many}`, show(books.completedOrders)],
    [`held for open ${many}`, show(books.openOrders)],
    ['written off, and not given back', show(books.writtenOff)],
    [
      'the sum of these three',
      show(books.completedOrders + books.openOrders + books.writtenOff),
      true,
    ],
    ['unexplained: by how much the two sums differ', show(books.unexplained)],
  ];
}
