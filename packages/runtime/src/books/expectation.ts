/**
 * What orders say that participants must hold. Settled orders say it exactly; an open one may hold anything from
 * nothing to all of what it asks for, so it is slack, not a difference.
 */
import type { RunState, RunSummary } from '@baton/saga';
import { createBreather } from '../breather.ts';
import type { GivenUp, Pruning } from './pruning.ts';
import { add, type Tally } from './tally.ts';
import type { ReadableEngine, Totals } from './totals.ts';

const pageMax = 200;
const roundsMax = 3;

export interface Expectation {
  /** Held for good by completed orders. */
  readonly certain: Tally;
  readonly open: readonly string[];
  readonly givenUp: readonly GivenUp[];
  /** The newest order when open ones were looked for. */
  readonly newest: number;
}

export interface Expecting {
  readonly totals: Totals;
  readonly pruning: Pruning;
}

/** Undefined when the audit was called off, or could not tell each time which orders were counted before their pruning. */
export async function expect(
  engine: ReadableEngine,
  expecting: Expecting,
  signal: AbortSignal,
): Promise<Expectation | undefined> {
  for (let round = 0; round < roundsMax && !signal.aborted; round++) {
    const expectation = await expectOnce(engine, expecting, signal);
    if (expectation) return expectation;
  }
  return undefined;
}

/** Open orders, read between two reads of settled ones: an order that settles meanwhile counts as settled only. */
async function expectOnce(
  engine: ReadableEngine,
  { totals, pruning }: Expecting,
  signal: AbortSignal,
): Promise<Expectation | undefined> {
  if (!(await totals.catchUp(engine, signal))) return undefined;
  const newest = (await engine.list({ limit: 1 }))[0]?.number ?? 0;
  const open = new Map<string, readonly GivenUp[]>();
  for await (const [{ id }, state] of readStates(engine, { status: 'open' }))
    open.set(id, pruning.toShare(id, state).givenUp);
  const caughtUp = await totals.catchUp(engine, signal);
  if (!caughtUp) return undefined;
  const { tally, givenUp, settled } = caughtUp;
  for (const id of settled) open.delete(id);
  const stillGivenUp = [...givenUp, ...[...open.values()].flat()];
  return { certain: tally, open: [...open.keys()], givenUp: stillGivenUp, newest };
}

/** What orders that were open then, or came since, may hold at most. */
export async function readSlack(
  engine: ReadableEngine,
  { open, newest }: Expectation,
  moved: (state: RunState) => Tally,
): Promise<Tally> {
  const breathe = createBreather();
  let slack: Tally = {};
  const include = (state: RunState | undefined): void => {
    if (state) slack = add(slack, moved(state));
  };
  for (const id of open) {
    include(await engine.readState(id));
    await breathe();
  }
  for await (const [, state] of readStates(engine, { after: newest })) include(state);
  return slack;
}

async function* readStates(
  engine: ReadableEngine,
  { status, after = 0 }: { readonly status?: 'open'; readonly after?: number },
): AsyncGenerator<readonly [RunSummary, RunState]> {
  const breathe = createBreather();
  let before: number | undefined;
  for (;;) {
    const found = await engine.list({ status, limit: pageMax, before });
    const page = found.filter(({ number }) => number > after);
    for (const summary of page) {
      const state = await engine.readState(summary.id);
      if (state) yield [summary, state];
      await breathe();
    }
    before = page.at(-1)?.number;
    if (page.length < pageMax) return;
  }
}
