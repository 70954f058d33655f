/**
 * What orders say that participants must hold. Settled orders say it exactly; an open one may hold anything from
 * nothing to all of what it asks for, so it is slack, not a difference.
 */
import type { Engine, RunState, RunSummary, RunView, Saga } from '@baton/saga';
import { z } from 'zod';
import { findWay, readTotal } from '../order/order-view.ts';

/** Amounts in minor units by currency, and pieces by sku. */
const Tally = z.object({
  money: z.record(z.string(), z.int()),
  stock: z.record(z.string(), z.int()),
});
export type Tally = z.infer<typeof Tally>;

/** An undo that an operator gave up: the effect may stand at the participant. */
const GivenUp = z.object({
  orderId: z.string(),
  way: z.string(),
  /** Undefined for a definition that was gone by then. */
  participant: z.string().optional(),
  reason: z.string(),
  /** In milliseconds since the epoch. */
  at: z.number(),
});
export type GivenUp = z.infer<typeof GivenUp>;

const Carried = Tally.extend({ givenUp: z.array(GivenUp).default([]) });
type Carried = z.infer<typeof Carried>;

const Input = z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) });
const pageMax = 200;
const roundsMax = 3;

const emptyTally: Tally = { money: {}, stock: {} };
const readCarried = (stored: unknown): Carried =>
  Carried.safeParse(stored).data ?? { ...emptyTally, givenUp: [] };

/** What is carried of a pruned order: what it holds for good, and what it holds because an operator gave it up. */
export const createCarry =
  (sagas: readonly Saga<unknown>[]) =>
  (stored: unknown, state: RunState, id: string): Carried => {
    const carried = readCarried(stored);
    const saga = sagas.find(
      ({ version, structure }) => version === state.version && structure === state.structure,
    );
    const givenUp = findGivenUp({ id, saga, state });
    return {
      ...(state.phase === 'completed' ? add(carried, toTally(state)) : carried),
      givenUp: [...carried.givenUp, ...givenUp],
    };
  };

interface Told {
  readonly id: string;
  readonly saga: Saga<unknown> | null | undefined;
  readonly state: RunState;
}

/** A later step that was written off is not among them: nobody holds anything of what was never done. */
const findGivenUp = ({ id, saga, state }: Told): GivenUp[] =>
  Object.entries(state.ways).flatMap(([way, { writtenOff }]) =>
    writtenOff?.direction === 'undo'
      ? [
          {
            orderId: id,
            way,
            participant: findWay(saga ?? null, way)?.participant,
            reason: writtenOff.reason,
            at: writtenOff.at,
          },
        ]
      : [],
  );

/** All that an order may hold. */
function toTally(state: RunState): Tally {
  const total = readTotal(state);
  const { lines } = Input.safeParse(state.input).data ?? { lines: [] };
  const stock = lines.reduce<Tally>(
    (sum, { sku, quantity }) => add(sum, { money: {}, stock: { [sku]: quantity } }),
    emptyTally,
  );
  return total ? add(stock, { money: { [total.currency]: total.amountMinor }, stock: {} }) : stock;
}

const add = (a: Tally, b: Tally): Tally => ({
  money: addAmounts(a.money, b.money),
  stock: addAmounts(a.stock, b.stock),
});

function addAmounts(a: Tally['stock'], b: Tally['stock']): Tally['stock'] {
  const sums = { ...a };
  for (const [name, amount] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + amount;
  return sums;
}

export interface Expectation {
  /** Held for good by completed orders. */
  readonly certain: Tally;
  readonly open: readonly string[];
  readonly givenUp: readonly GivenUp[];
  /** The newest order that was looked at. */
  readonly newest: number;
}

/**
 * Reads every order, a page at a time and with room for others between two pages. Undefined when orders were pruned
 * each time it looked: those were counted twice or not at all.
 */
export async function expect(
  engine: Engine,
  signal: AbortSignal,
): Promise<Expectation | undefined> {
  for (let round = 0; round < roundsMax && !signal.aborted; round++) {
    const expectation = await expectOnce(engine);
    if (expectation) return expectation;
  }
  return undefined;
}

async function expectOnce(engine: Engine): Promise<Expectation | undefined> {
  const carried = JSON.stringify(engine.journal.readCarried());
  const { givenUp, ...held } = readCarried(engine.journal.readCarried());
  let certain: Tally = held;
  const open: string[] = [];
  let newest = 0;
  for await (const [summary, run] of readRuns(engine, 0)) {
    newest = Math.max(newest, summary.number);
    givenUp.push(...findGivenUp(run));
    if (run.state.settledAt === null) open.push(run.id);
    else if (run.state.phase === 'completed') certain = add(certain, toTally(run.state));
  }
  const isSteady = JSON.stringify(engine.journal.readCarried()) === carried;
  return isSteady ? { certain, open, givenUp, newest } : undefined;
}

/** What orders that were open then, or came since, may hold at most. */
export async function readSlack(engine: Engine, { open, newest }: Expectation): Promise<Tally> {
  let slack = open.reduce((sum, id) => addRun(sum, engine.read(id)), emptyTally);
  for await (const [, run] of readRuns(engine, newest)) slack = addRun(slack, run);
  return slack;
}

const addRun = (sum: Tally, run: RunView | undefined): Tally =>
  run ? add(sum, toTally(run.state)) : sum;

async function* readRuns(
  engine: Engine,
  after: number,
): AsyncGenerator<readonly [RunSummary, RunView]> {
  let before: number | undefined;
  for (;;) {
    const page = engine.list({ limit: pageMax, before }).filter(({ number }) => number > after);
    for (const summary of page) {
      const run = engine.read(summary.id);
      if (run) yield [summary, run];
    }
    before = page.at(-1)?.number;
    if (page.length < pageMax) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
