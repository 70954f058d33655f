import { expect, it } from 'vitest';
import { findDifferences } from './differences.ts';

it('tells of what an operator wrote off for as long as it is held', () => {
  const balanced = {
    balanced: true,
    at: '2026-01-01T00:00:00.000Z',
    openOrders: 0,
    unreachable: [],
    money: [],
    stock: [],
    writtenOff: [],
  };
  expect(findDifferences(balanced)).toEqual([]);
  const writtenOff = {
    orderId: 'ord_1',
    step: 'reserve',
    direction: 'undo' as const,
    participant: 'inventory-service',
    reason: 'they say no',
    at: balanced.at,
  };
  expect(findDifferences({ ...balanced, writtenOff: [writtenOff] })).toEqual([
    'the undo of reserve of ord_1 is written off, and inventory-service still holds it',
  ]);
});

it('blames no service for what it was never asked about', () => {
  const writtenOff = {
    orderId: 'ord_1',
    step: 'voucher',
    direction: 'undo' as const,
    participant: 'voucher-service',
    reason: 'revoked by hand',
    at: '2026-01-01T00:00:00.000Z',
  };
  expect(findDifferences({ money: [], stock: [], writtenOff: [writtenOff] })).toEqual([]);
});
