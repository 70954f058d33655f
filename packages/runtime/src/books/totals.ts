/**
 * What settled orders hold, up to a position of the feed, so that an audit reads only what happened since the last one.
 * Not the truth: where it is lost, or the journal does not go on from it, all kept orders are read again.
 *
 * 1. The sums and their position are one value, and are written together: no crash counts an order twice, or not at all.
 * 2. A pruned order stays counted. An order that is pruned before it was read counts when its pruning is heard of.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Engine, type Event, type FeedEvent, replay } from '@baton/saga';
import { z } from 'zod';
import { createBreather } from '../breather.ts';
import { type Carried, GivenUp, type Pruned, type Pruning, readCarried } from './pruning.ts';
import { add, subtract } from './tally.ts';

export type ReadableEngine = Pick<Engine, 'archive' | 'feed' | 'list' | 'read' | 'readState'>;

const pageMax = 1_000;

const Kept = z.object({
  tally: z.record(z.string(), z.record(z.string(), z.int())),
  givenUp: z.array(GivenUp),
  after: z.string(),
  /** The event there, and the position before it: another journal has another one. */
  before: z.string(),
  last: z.object({ run: z.string(), seq: z.int(), at: z.int() }).nullable(),
});
type Kept = Readonly<Omit<z.infer<typeof Kept>, keyof Carried>> & Carried;

export interface CaughtUp extends Carried {
  /** Orders that settled since the last time, or changed after that. */
  readonly settled: ReadonlySet<string>;
}
export interface Totals {
  /**
   * With what came since the last time. Undefined when it was called off, or could not tell each time which orders were
   * counted before they were pruned.
   */
  catchUp(engine: ReadableEngine, signal: AbortSignal): Promise<CaughtUp | undefined>;
}

/** Without a path they are kept for as long as the process lives. */
export function createTotals(pruning: Pruning, path?: string): Totals {
  let kept = path === undefined ? undefined : readFile(path);
  return {
    catchUp: async (engine, signal) => {
      const known = kept && (await goesOn(engine.feed, kept)) ? kept : undefined;
      const adding = known
        ? createAdding(known, pruning)
        : createAdding(toFirst(engine, await engine.archive.read()), pruning, pruning.reach());
      const isDone = known
        ? await addAll(engine, adding, { isWhole: true, signal })
        : await addFromFirst(engine, adding, pruning, signal);
      // What was called off is gone on with from where it was known to be.
      if (!isDone && !signal.aborted) kept = undefined;
      if (!isDone) return undefined;
      kept = adding.read();
      if (path !== undefined && adding.settled.size > 0) writeFile(path, kept);
      return { ...kept, settled: adding.settled };
    },
  };
}

async function addFromFirst(
  engine: ReadableEngine,
  adding: Adding,
  pruning: Pruning,
  signal: AbortSignal,
): Promise<boolean> {
  const stopFollowing = pruning.follow(adding.hear);
  try {
    const isDone = await addAll(engine, adding, { isWhole: false, signal });
    return isDone && adding.agrees(readCarried(await engine.archive.read()));
  } finally {
    stopFollowing();
  }
}

const toFirst = ({ feed }: ReadableEngine, archived: unknown): Kept => ({
  ...readCarried(archived),
  after: feed.start,
  before: feed.start,
  last: null,
});

async function goesOn(feed: Engine['feed'], { before, after, last }: Kept): Promise<boolean> {
  const [event] = (await feed.read(before, 1)) ?? [];
  if (last === null) return after === feed.start && (await feed.read(after, 1)) !== undefined;
  return event?.position === after && isSame(event, last);
}

const isSame = ({ run, event }: FeedEvent, last: NonNullable<Kept['last']>): boolean =>
  run === last.run && event.seq === last.seq && event.at === last.at;

/** `reach`: from the beginning on, and no order that settled later is pruned meanwhile. */
function createAdding(from: Kept, pruning: Pruning, reach?: number) {
  const settled = new Set<string>();
  const counted = new Map<string, Carried>();
  const pruned = new Set<string>();
  let kept = from;
  let heard: Carried = from;
  let isCertain = true;
  const change = (id: string, before: Carried | undefined, after: Carried): void => {
    const others = kept.givenUp.filter(({ orderId }) => orderId !== id);
    const tally = add(before ? subtract(kept.tally, before.tally) : kept.tally, after.tally);
    kept = { ...kept, tally, givenUp: [...others, ...after.givenUp] };
  };
  const toShare = (id: string, events: readonly Event[]): Carried | undefined => {
    if (!events.some(({ type }) => type === 'completed' || type === 'compensated'))
      return undefined;
    return pruning.toShare(id, replay(events));
  };
  return {
    settled,
    read: () => kept,
    /** Some events of an order, from one to another of its own numbers. */
    add: (id: string, events: readonly Event[], [first, last]: readonly [number, number]): void => {
      const after = toShare(id, events.slice(0, last));
      // What was read of it before its pruning was heard of says nothing new.
      if (!after || pruned.has(id)) return;
      change(id, toShare(id, events.slice(0, first - 1)), after);
      settled.add(id);
      // Of all that there are it would be too many.
      if (reach !== undefined && (events.at(-1)?.at ?? 0) < reach) counted.set(id, after);
    },
    reachTo: (before: string, { position, run, event: { seq, at } }: FeedEvent): void => {
      kept = { ...kept, before, after: position, last: { run, seq, at } };
    },
    hear: ({ id, settledAt, share }: Pruned): void => {
      heard = {
        tally: add(heard.tally, share.tally),
        givenUp: [...heard.givenUp, ...share.givenUp],
      };
      if (reach === undefined || settledAt >= reach) isCertain = false;
      change(id, counted.get(id), share);
      pruned.add(id);
    },
    agrees: (archived: Carried): boolean =>
      isCertain &&
      JSON.stringify([archived.tally, archived.givenUp]) ===
        JSON.stringify([heard.tally, heard.givenUp]),
  };
}
type Adding = ReturnType<typeof createAdding>;

interface Manner {
  /** Nothing may be missing. */
  readonly isWhole: boolean;
  readonly signal: AbortSignal;
}

async function addAll(
  engine: ReadableEngine,
  adding: Adding,
  { isWhole, signal }: Manner,
): Promise<boolean> {
  const { feed } = engine;
  const read = (after: string, limit: number) =>
    isWhole ? feed.read(after, limit) : feed.readKept(after, limit);
  for (;;) {
    const { after } = adding.read();
    const page = await read(after, pageMax);
    if (signal.aborted || !page) return false;
    const end = page.at(-1);
    if (!end) return true;
    await addPage(engine, adding, page);
    // An order of this page may have been pruned before it was read.
    if (isWhole && !(await feed.read(after, 1))) return false;
    adding.reachTo(page.at(-2)?.position ?? after, end);
  }
}

async function addPage(engine: ReadableEngine, adding: Adding, page: readonly FeedEvent[]) {
  const breathe = createBreather();
  for (const [id, told] of Map.groupBy(page, ({ run }) => run)) {
    const seqs = told.map(({ event }) => event.seq);
    const view = await engine.read(id);
    if (view) adding.add(id, view.events, [Math.min(...seqs), Math.max(...seqs)]);
    await breathe();
  }
}

function readFile(path: string): Kept | undefined {
  try {
    return Kept.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Where it cannot be written, the next process reads all orders. */
function writeFile(path: string, kept: Kept): void {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch {}
}
