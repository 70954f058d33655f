/** The books: participants' money and stock against the orders here. */
import type { Audit } from '@baton/contracts';
import { type Participants, toInstant } from '@baton/runtime';
import type { Engine } from '@baton/saga';
import { findStanding } from './audit-write-offs.ts';
import { type Expectation, expect, readSlack } from './books.ts';
import type { Pruning } from './pruning.ts';
import type { Tally } from './tally.ts';

interface Held {
  /** Of every provider, one after another. */
  readonly money: readonly { currency: 'EUR' | 'USD'; taken: number; givenBack: number }[];
  readonly stock: readonly { sku: string; onHand: number; free: number; held: number }[];
  readonly unreachable: readonly string[];
}

export interface Audited {
  readonly engine: Engine;
  readonly participants: Participants;
  readonly pruning: Pruning;
}

/**
 * Orders are read before the participants and the open ones again after: what was settled before is exact, the rest
 * is slack. So a difference is a difference, also under load. Undefined when it was called off, or orders could not be
 * counted.
 */
export async function audit(
  { engine, participants, pruning }: Audited,
  { signal, nowMs }: { readonly signal: AbortSignal; readonly nowMs: number },
): Promise<Audit | undefined> {
  const expected = await expect(engine, pruning, signal);
  if (!expected) return undefined;
  const held = await readHeld(participants, signal);
  const slack = await readSlack(engine, expected);
  const writtenOff = await findStanding(expected.givenUp, participants, signal);
  const money = toMoneyBooks(expected, slack, held);
  const stock = toStockBooks(expected, slack, held);
  const isExplained = held.unreachable.length === 0 && writtenOff.length === 0;
  return {
    balanced: isExplained && [...money, ...stock].every(({ balanced }) => balanced),
    at: toInstant(nowMs),
    openOrders: (await engine.counts()).open,
    unreachable: [...held.unreachable],
    money,
    stock,
    writtenOff,
  };
}

const providers = ['payment-service', 'payment-alternate'] as const;

async function readHeld(participants: Participants, signal: AbortSignal): Promise<Held> {
  const askProvider = (name: (typeof providers)[number]) =>
    participants[name].getPayments({ query: { limit: 1 } }, { signal });
  const [first, alternate, stock] = await Promise.all([
    askProvider('payment-service'),
    askProvider('payment-alternate'),
    participants['inventory-service'].getStock({}, { signal }),
  ]);
  return {
    money: [first, alternate].flatMap((money) => (money.ok ? money.body.totals : [])),
    stock: stock.ok ? stock.body.products : [],
    unreachable: [
      ...(first.ok ? [] : ['payment-service']),
      ...(alternate.ok ? [] : ['payment-alternate']),
      ...(stock.ok ? [] : ['inventory-service']),
    ],
  };
}

const currencies = ['EUR', 'USD'] as const;

function toMoneyBooks(
  { certain }: Expectation,
  slack: Tally,
  { money, unreachable }: Held,
): Audit['money'] {
  // Half of the books would show a difference where there is none.
  if (providers.some((name) => unreachable.includes(name))) return [];
  return currencies.map((currency) => {
    const totals = money.filter((total) => total.currency === currency);
    const taken = totals.reduce((sum, total) => sum + total.taken, 0);
    const givenBack = totals.reduce((sum, total) => sum + total.givenBack, 0);
    const completedOrders = certain.money[currency] ?? 0;
    const openOrders = slack.money[currency] ?? 0;
    const balanced = isWithin(taken - givenBack, completedOrders, openOrders);
    return { currency, taken, givenBack, completedOrders, openOrders, balanced };
  });
}

function toStockBooks({ certain }: Expectation, slack: Tally, { stock }: Held): Audit['stock'] {
  return stock.map(({ sku, onHand, free, held }) => {
    const heldByOrders = certain.stock[sku] ?? 0;
    const openOrders = slack.stock[sku] ?? 0;
    const balanced =
      isWithin(held, heldByOrders, openOrders) && onHand === free + held && free >= 0;
    return { sku, onHand, free, held, heldByOrders, openOrders, balanced };
  });
}

const isWithin = (actual: number, certain: number, slack: number): boolean =>
  actual >= certain && actual <= certain + slack;
