/**
 * What orders say that participants must hold. Settled orders say it exactly; an open one may hold anything from
 * nothing to all of what it asks for, so it is slack, not a difference.
 */
import type { Engine, RunState, RunSummary } from '@baton/saga';
import { createBreather } from '../breather.ts';
import {
  addShare,
  type Carried,
  type GivenUp,
  type Pruned,
  type Pruning,
  readCarried,
} from './pruning.ts';
import { add, type Tally } from './tally.ts';

type ReadableEngine = Pick<Engine, 'archive' | 'list' | 'readState'>;

const pageMax = 200;
const roundsMax = 3;

export interface Expectation {
  /** Held for good by completed orders. */
  readonly certain: Tally;
  readonly open: readonly string[];
  readonly givenUp: readonly GivenUp[];
  /** The newest order that was looked at. */
  readonly newest: number;
}

/**
 * Reads every order, with room for others between two of them. Undefined when it was called off, or could not tell
 * each time which orders were counted before they were pruned.
 */
export async function expect(
  engine: ReadableEngine,
  pruning: Pruning,
  signal: AbortSignal,
): Promise<Expectation | undefined> {
  for (let round = 0; round < roundsMax && !signal.aborted; round++) {
    const expectation = await expectOnce(engine, pruning, signal);
    if (expectation) return expectation;
  }
  return undefined;
}

async function expectOnce(
  engine: ReadableEngine,
  pruning: Pruning,
  signal: AbortSignal,
): Promise<Expectation | undefined> {
  const count = createCount(readCarried(await engine.archive.read()), pruning);
  const stopFollowing = pruning.follow(count.hearPruned);
  try {
    for await (const [summary, state] of readStates(engine, 0)) {
      if (signal.aborted) return undefined;
      count.add(summary, state);
    }
    return count.conclude(readCarried(await engine.archive.read()));
  } finally {
    stopFollowing();
  }
}

/** Each order once: where it was found, or else when it was pruned. */
function createCount(before: Carried, pruning: Pruning) {
  const reach = pruning.reach();
  const counted = new Set<string>();
  const open = new Map<string, readonly GivenUp[]>();
  const givenUp = [...before.givenUp];
  let carried = before;
  let certain: Tally = before.tally;
  let newest = 0;
  let isCertain = true;
  const settle = ({ id, settledAt, share }: Pruned): void => {
    open.delete(id);
    certain = add(certain, share.tally);
    givenUp.push(...share.givenUp);
    // Of all that there are it would be too many.
    if (settledAt < reach) counted.add(id);
  };
  return {
    add: ({ id, number }: RunSummary, state: RunState): void => {
      newest = Math.max(newest, number);
      if (counted.has(id)) return;
      const share = pruning.toShare(id, state);
      const { settledAt } = state;
      if (settledAt === null) open.set(id, share.givenUp);
      else settle({ id, settledAt, share });
    },
    hearPruned: (pruned: Pruned): void => {
      carried = addShare(carried, pruned.share);
      if (pruned.settledAt >= reach) isCertain = false;
      if (!counted.has(pruned.id)) settle(pruned);
    },
    conclude: (after: Carried): Expectation | undefined => {
      if (!isCertain || JSON.stringify(after) !== JSON.stringify(carried)) return undefined;
      const stillGivenUp = [...givenUp, ...[...open.values()].flat()];
      return { certain, open: [...open.keys()], givenUp: stillGivenUp, newest };
    },
  };
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
  for await (const [, state] of readStates(engine, newest)) include(state);
  return slack;
}

async function* readStates(
  engine: ReadableEngine,
  after: number,
): AsyncGenerator<readonly [RunSummary, RunState]> {
  const breathe = createBreather();
  let before: number | undefined;
  for (;;) {
    const found = await engine.list({ limit: pageMax, before });
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
