import type { Audit } from '@baton/contracts';
import { expect, it } from 'vitest';
import { countFates, judgeBooks, listUnsure, type Standing } from './fates.ts';

const standings: Readonly<Record<string, Standing>> = {
  a: 'completed',
  b: 'compensated',
  c: 'running',
  d: 'stuck',
  e: 'lost',
  f: undefined,
};
const ids = Object.keys(standings);
const find = (id: string): Standing => standings[id];

it('counts each run once, and none as lost before the orchestrator has said so', () => {
  const fates = countFates(ids, find);
  expect(fates).toEqual({ completed: 1, undone: 1, stillOpen: 3, lost: 1 });
  expect(Object.values(fates).reduce((sum, count) => sum + count)).toBe(ids.length);
});

it('asks about those alone that are not over', () => {
  expect(listUnsure(ids, find)).toEqual(['c', 'd', 'f']);
});

const held = { openOrders: 0, writtenOff: 0, unexplained: 0, balanced: true } as const;
const money = { currency: 'EUR', taken: 5, givenBack: 0, completedOrders: 5, ...held } as const;
const stock = { sku: 'mug', onHand: 10, free: 8, held: 2, heldByOrders: 2, ...held } as const;
const balanced: Audit = {
  balanced: true,
  at: '2026-01-01T00:00:00.000Z',
  openOrders: 0,
  unreachable: [],
  money: [money],
  stock: [stock],
  writtenOff: [],
};
const addUp = ['✓ add up', 'good'];
const differ = ['✗ do not add up', 'bad'];

it('calls books that miss an answer neither right nor wrong', () => {
  const unreachable = ['payment-service', 'inventory-service'];
  expect(judgeBooks({ ...balanced, balanced: false, unreachable, money: [] })).toEqual([
    'no answer from payment-service, inventory-service',
    'wait',
  ]);
});

it('lets books add up with what was written off', () => {
  const writtenOff = { ...money, writtenOff: 5, balanced: false };
  const books = { ...balanced, balanced: false, money: [writtenOff] };
  expect(judgeBooks(books)).toEqual(addUp);
  expect(judgeBooks(balanced)).toEqual(addUp);
});

it.each([
  ['money that nothing explains', { money: [{ ...money, unexplained: -1 }] }],
  ['stock that nothing explains', { stock: [{ ...stock, unexplained: 1 }] }],
  ['stock that is not free and held together', { stock: [{ ...stock, free: stock.free - 1 }] }],
  ['more held than is on hand', { stock: [{ ...stock, free: -1, held: stock.onHand + 1 }] }],
])('does not let books add up with %s', (_what, rows) => {
  expect(judgeBooks({ ...balanced, ...rows, balanced: false })).toEqual(differ);
});
