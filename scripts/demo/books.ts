/** The end of the demo: the services' own files against the journal, and all differences. */
import { type RunState, replay } from '@baton/saga';
import { findFaults, readAmount, readLines, readRuns } from '../../e2e/src/books.ts';
import { Ledger, providers, toMoney } from './ledger.ts';
import type { Screen } from './screen.ts';

const effects = ['order', 'inventory', ...providers, 'notification'] as const;

interface Totals {
  readonly onHand: number;
  readonly free: number;
  readonly held: number;
  readonly takenMinor: number;
  readonly givenBackMinor: number;
  readonly valid: number;
  readonly cancelled: number;
  readonly messages: number;
  readonly tombstones: number;
}

function readTotals(ledger: Ledger): Totals {
  const stock = (column: string) => ledger.sum('inventory', `SELECT sum(${column}) FROM products`);
  const money = (where: string) =>
    ledger.sumPayments(`SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE ${where}`);
  const orders = (status: string) =>
    ledger.sum('order', `SELECT count(*) FROM orders WHERE status = '${status}'`);
  return {
    onHand: stock('on_hand'),
    free: stock('free'),
    held: stock('held'),
    takenMinor: money('true'),
    givenBackMinor: money("status = 'given-back'"),
    valid: orders('validated'),
    cancelled: orders('cancelled'),
    messages: ledger.sum('notification', 'SELECT count(*) FROM messages'),
    tombstones: effects.reduce((sum, keeper) => sum + ledger.count(keeper, 'TOMBSTONE'), 0),
  };
}

const sumItems = (completed: readonly RunState[]): number =>
  completed
    .flatMap(({ input }) => readLines(input))
    .reduce((sum, { quantity }) => sum + quantity, 0);

/** Prints the books, and returns their differences in words. */
export function sayBooks(screen: Screen, dataDir: string, accepted: readonly string[]): string[] {
  const states = [...readRuns(dataDir).values()].map(replay);
  const completed = states.filter(({ phase }) => phase === 'completed');
  const undone = states.filter(({ phase }) => phase === 'compensated');
  const totals = readTotals(new Ledger(dataDir));
  const worth = completed.reduce((sum, state) => sum + readAmount(state), 0);
  const whole = (count: number) => count.toLocaleString('en');
  const kept = totals.takenMinor - totals.givenBackMinor;
  const rows = [
    ['', "in the services' own files", 'by the journal'],
    [
      'orders',
      `${totals.valid} valid, ${totals.cancelled} cancelled`,
      `${completed.length} completed, ${undone.length} undone, ${states.length - completed.length - undone.length} open`,
    ],
    [
      'stock',
      `${whole(totals.free)} free + ${totals.held} held = ${whole(totals.onHand)}`,
      `${sumItems(completed)} in completed orders`,
    ],
    [
      'money',
      `${toMoney(totals.takenMinor)} taken, ${toMoney(totals.givenBackMinor)} returned`,
      `${toMoney(worth)} in completed orders`,
    ],
    ['messages', `${totals.messages} sent`, `${completed.length} completed orders`],
    ['tombstones', `${totals.tombstones}`, 'undone before it was done'],
  ];
  for (const [name = '', found = '', wanted = ''] of rows)
    screen.say(`  ${name.padEnd(11)}${found.padEnd(37)}${wanted}`, {
      style: name === '' ? 'dim' : 'plain',
    });
  const isListed = totals.valid === completed.length && totals.cancelled === undone.length;
  const untold = states.length - accepted.length;
  const isTold = totals.messages === completed.length;
  return [
    ...findFaults(dataDir, accepted),
    ...(kept === worth ? [] : [`${toMoney(kept)} kept, orders say ${toMoney(worth)}`]),
    ...(untold === 0 ? [] : [`${untold} orders in the journal whose customers were not told so`]),
    ...(isListed ? [] : [`${totals.valid} orders valid, ${totals.cancelled} cancelled`]),
    ...(isTold ? [] : [`${totals.messages} messages for ${completed.length} completed orders`]),
  ];
}
