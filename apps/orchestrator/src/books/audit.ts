/** The books: participants' money and stock against the orders here. */
import type { Audit } from '@baton/contracts';
import {
  add,
  type Expectation,
  expect,
  type Participants,
  type Pruning,
  readAmount,
  readSlack,
  type Tally,
  type Totals,
  toInstant,
} from '@baton/runtime';
import type { Engine } from '@baton/saga';
import { findStanding } from './audit-write-offs.ts';
import { findDifferences } from './differences.ts';
import { listProviders, providerNames } from './providers.ts';
import { toTally } from './tally.ts';

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
  readonly totals: Totals;
}

/**
 * Orders are read before the participants and the open ones again after: what was settled before is exact, the rest
 * is slack. So a difference is a difference, also under load. Undefined when it was called off, or orders could not be
 * counted.
 */
export async function audit(
  { engine, participants, pruning, totals }: Audited,
  { signal, nowMs }: { readonly signal: AbortSignal; readonly nowMs: number },
): Promise<Audit | undefined> {
  const expected = await expect(engine, { pruning, totals }, signal);
  if (!expected) return undefined;
  const held = await readHeld(participants, signal);
  const slack = await readSlack(engine, expected, toTally);
  const writtenOff = await findStanding(expected.givenUp, participants, signal);
  const standing = toWrittenOffTally(writtenOff);
  const money = toMoneyBooks(expected, slack, held, standing);
  const stock = toStockBooks(expected, slack, held, standing);
  const differences = findDifferences({ money, stock, writtenOff });
  return {
    balanced: held.unreachable.length === 0 && differences.length === 0,
    at: toInstant(nowMs),
    openOrders: (await engine.counts()).open,
    unreachable: [...held.unreachable],
    money,
    stock,
    writtenOff,
  };
}

async function readHeld(participants: Participants, signal: AbortSignal): Promise<Held> {
  const asked = listProviders(participants).map(async ([name, provider]) => ({
    name,
    answer: await provider.getPayments({ query: { limit: 1 } }, { signal }),
  }));
  const [stock, ...money] = await Promise.all([
    participants['inventory-service'].getStock({}, { signal }),
    ...asked,
  ]);
  return {
    money: money.flatMap(({ answer }) => (answer.ok ? answer.body.totals : [])),
    stock: stock.ok ? stock.body.products : [],
    unreachable: [
      ...money.flatMap(({ name, answer }) => (answer.ok ? [] : [name])),
      ...(stock.ok ? [] : ['inventory-service']),
    ],
  };
}

const currencies = ['EUR', 'USD'] as const;

function toMoneyBooks(expected: Expectation, slack: Tally, held: Held, writtenOff: Tally) {
  // Half of the books would show a difference where there is none.
  if (providerNames.some((name) => held.unreachable.includes(name))) return [];
  return currencies.map((currency) => {
    const totals = held.money.filter((total) => total.currency === currency);
    const taken = totals.reduce((sum, total) => sum + total.taken, 0);
    const givenBack = totals.reduce((sum, total) => sum + total.givenBack, 0);
    const completedOrders = readAmount(expected.certain, 'money', currency);
    return {
      currency,
      taken,
      givenBack,
      completedOrders,
      ...toHolders(taken - givenBack - completedOrders, {
        writtenOff: readAmount(writtenOff, 'money', currency),
        openMax: readAmount(slack, 'money', currency),
      }),
    };
  });
}

function toStockBooks(expected: Expectation, slack: Tally, { stock }: Held, writtenOff: Tally) {
  return stock.map(({ sku, onHand, free, held }) => {
    const heldByOrders = readAmount(expected.certain, 'stock', sku);
    const { balanced, ...holders } = toHolders(held - heldByOrders, {
      writtenOff: readAmount(writtenOff, 'stock', sku),
      openMax: readAmount(slack, 'stock', sku),
    });
    const isWhole = onHand === free + held && free >= 0;
    return { sku, onHand, free, held, heldByOrders, ...holders, balanced: balanced && isWhole };
  });
}

/** Of what completed orders do not hold: who does. Open orders hold what is left, up to what they may. */
function toHolders(
  rest: number,
  { writtenOff, openMax }: { readonly writtenOff: number; readonly openMax: number },
) {
  const left = rest - writtenOff;
  const openOrders = Math.min(Math.max(left, 0), openMax);
  const unexplained = left - openOrders;
  return { openOrders, writtenOff, unexplained, balanced: unexplained === 0 && writtenOff === 0 };
}

/** What participants say that they still hold of what was given up. */
const toWrittenOffTally = (writtenOff: Audit['writtenOff']): Tally =>
  writtenOff.reduce<Tally>(
    (sum, { amount, lines = [] }) =>
      lines.reduce(
        (all, { sku, quantity }) => add(all, { stock: { [sku]: quantity } }),
        amount ? add(sum, { money: { [amount.currency]: amount.amountMinor } }) : sum,
      ),
    {},
  );
