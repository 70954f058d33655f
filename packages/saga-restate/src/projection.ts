/**
 * What this replica knows of all runs: a journal's file that follows the cluster's feed. Not the truth: it may be removed,
 * and is then told again from the first event.
 *
 * 1. How far it has come is its own last position, which grows in the transaction that stores an event: no gap, no double.
 * 2. All replicas give an event the same position.
 * 3. It never moves a run.
 * 4. What it tells, it tells in the root async context, never in that of a request that was in a hurry.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  evolve,
  isSettled,
  type Journal,
  type RunState,
  replay,
  type Saga,
  toStatus,
} from '@baton/saga';
import { toRest } from '@baton/saga/core/rest';
import { findSaga } from '@baton/saga/core/saga';
import type { JournalFeed } from '@baton/saga/embedded/feed';
import type { Ends } from '@baton/saga/embedded/settled';
import { ClusterUnreachable } from './ingress.ts';
import type { FeedEntry, FeedPage, FeedQuery } from './services.ts';

export interface ProjectionOptions {
  readonly journal: Journal;
  readonly sagas: readonly Saga<unknown>[];
  readonly clock: Clock;
  readonly bornAt: number;
  readonly read: (query: FeedQuery) => Promise<FeedPage>;
  readonly feed: Pick<JournalFeed, 'tell'>;
  readonly ends: Pick<Ends, 'tell'>;
  /** The cluster could not be asked; it is asked again. */
  readonly onUnreachable: (error: unknown) => void;
}

/** What was told is waited for so long, in milliseconds, where this replica lags behind. */
export const seeLongestMs = 500;

const inRoot = AsyncLocalStorage.snapshot();

interface Folded {
  readonly before: RunState | null;
  readonly state: RunState;
}

const pageMax = 200;
const idleMs = 250;
const awaitedMs = 20;
const restMs = 50;
const syncLongestMs = 5_000;
const unreachableMs = 500;
const onItsWay = 'a page of the feed is on its way';

export class Projection {
  readonly #options: ProjectionOptions;
  /** Of runs that have not settled, so that they need not be read again for each event. */
  readonly #states = new Map<string, RunState>();
  /** Whoever waits to see a run here. */
  readonly #awaited = new Map<string, PromiseWithResolvers<void>>();
  #callOff = (): void => {};
  #following: Promise<void> = Promise.resolve();
  /** The next look that somebody waits for. */
  #syncing: Promise<void> | null = null;
  #isFollowing = false;
  /** Whether the cluster answered the last look. */
  isReached = true;
  #askedAt = 0;

  constructor(options: ProjectionOptions) {
    this.#options = options;
  }

  /** Resolves when all that the cluster had by now is here. Throws when the file is not of this cluster. */
  async start(): Promise<void> {
    await this.#checkOrigin();
    await this.#catchUp();
    this.#isFollowing = true;
    this.#follow(0);
  }

  async stop(): Promise<void> {
    this.#isFollowing = false;
    this.#callOff();
    // What waits for room would be waited for without end.
    if (this.#options.journal.hasRoom()) await this.#following;
  }

  readState(id: string): RunState | undefined {
    const known = this.#states.get(id);
    if (known) return known;
    const stored = this.#options.journal.read(id);
    return stored && replay(stored.events);
  }

  /** Resolves when all that was told by now is here; or after a moment, where it cannot be. */
  async sync(): Promise<void> {
    const catchUp = async (): Promise<void> => {
      this.#syncing = null;
      if (this.#isFollowing) await this.#catchUp();
    };
    // All who ask before it begins share one.
    if (this.#syncing === null) {
      const synced = inRoot(() => this.#following.then(catchUp));
      this.#syncing = synced.catch(this.#options.onUnreachable);
      this.#following = this.#syncing;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.#options.clock.setTimer(syncLongestMs, resolve);
    await Promise.race([this.#syncing, promise]);
    callOff();
  }

  /** Resolves when the run is here, or after a moment: whoever submitted it finds it in lists. */
  async sees(id: string): Promise<void> {
    if (this.#options.journal.readSubmission(id)) return;
    const seen = this.#awaited.get(id) ?? Promise.withResolvers<void>();
    this.#awaited.set(id, seen);
    const callOff = this.#options.clock.setTimer(seeLongestMs, seen.resolve);
    this.stir();
    await seen.promise;
    callOff();
    this.#awaited.delete(id);
  }

  /** Something was just committed: it is worth a look. Two at once would store an event twice. */
  stir(): void {
    this.#callOff();
    // However much is committed, the cluster is asked so often and no more.
    this.#follow(Math.max(0, this.#askedAt + restMs - this.#options.clock.now()));
  }

  /** With what was told by now: what comes meanwhile is not waited for. */
  async #catchUp(): Promise<void> {
    const { clock, journal } = this.#options;
    let { came, last: target } = await this.#step();
    let cameAt = clock.now();
    while (journal.readLast() < target) {
      if (came > 0) cameAt = clock.now();
      else if (clock.now() > cameAt + seeLongestMs) throw new ClusterUnreachable(onItsWay);
      else await new Promise<void>((resolve) => clock.setTimer(awaitedMs, resolve));
      ({ came } = await this.#step());
    }
  }

  async #checkOrigin(): Promise<void> {
    const { journal, read } = this.#options;
    const last = journal.readLast();
    if (last === 0) return;
    const [ours] = journal.readKept(last - 1, 1);
    const page = await read({ after: last - 1, limit: 1 });
    const theirs = page.entries[0];
    if (!theirs && page.last >= last) throw new ClusterUnreachable(onItsWay);
    // Of a run that was pruned here nothing is left to compare.
    const isSame = theirs && (!ours || isDeepStrictEqual(ours.event, theirs.event));
    if (!isSame)
      throw new Error(
        'this projection follows another cluster: remove its file to follow this one',
      );
  }

  #follow(delayMs: number): void {
    if (!this.#isFollowing) return;
    const ring = (): void => {
      this.#following = this.#following.then(async () => {
        let nextMs = this.#awaited.size > 0 ? awaitedMs : idleMs;
        try {
          if (this.#isFollowing && (await this.#step()).came > 0) nextMs = 0;
          this.isReached = true;
        } catch (error) {
          nextMs = unreachableMs;
          this.isReached = false;
          this.#options.onUnreachable(error);
        }
        this.#callOff();
        this.#follow(nextMs);
      });
    };
    this.#callOff = this.#options.clock.setTimer(delayMs, () => inRoot(ring));
  }

  /** How many events came, and the position of the newest that there is. */
  async #step(): Promise<{ readonly came: number; readonly last: number }> {
    const { journal, read } = this.#options;
    const after = journal.readLast();
    this.#askedAt = this.#options.clock.now();
    const { last, entries } = await read({ after, limit: pageMax });
    if (last < after) throw new Error('the cluster has forgotten what it told');
    const stored: Promise<void>[] = [];
    // One that does not follow from those before it throws, and none after it is stored.
    for (const [i, entry] of entries.entries())
      stored.push(this.#store(entry, this.#fold(entry), after + 1 + i));
    await Promise.all(stored);
    return { came: entries.length, last };
  }

  #fold({ run, event }: FeedEntry): Folded {
    const before = event.seq === 1 ? null : (this.readState(run) ?? null);
    const state = evolve(before, event);
    this.#states.set(run, state);
    return { before, state };
  }

  async #store(entry: FeedEntry, { before, state }: Folded, place: number): Promise<void> {
    const { journal, sagas, bornAt, feed, ends } = this.#options;
    const { run, event, fingerprint = '' } = entry;
    const { version, acceptedAt, settledAt } = state;
    const saga = findSaga(sagas, { ...state, name: state.saga });
    const seen = { healedAt: () => 0, bornAt };
    const rest = saga
      ? toRest(saga, state, event.at, seen)
      : { dueAt: null, priority: 'aside' as const, waits: [] };
    const position = await journal.append({
      run,
      events: [event],
      summary: { saga: state.saga, version, status: toStatus(state), acceptedAt, settledAt },
      rest: { ...rest, at: event.at },
      ...(event.seq === 1 && { submission: { fingerprint, secrets: {} } }),
    });
    if (position !== place) throw new Error(`event ${place} was stored as ${position}`);
    this.#awaited.get(run)?.resolve();
    feed.tell({ run, before, state, events: [event], position });
    if (!isSettled(state)) return;
    this.#states.delete(run);
    ends.tell(run, state);
  }
}
