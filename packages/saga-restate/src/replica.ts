/** One replica's part in the cluster: it carries runs, follows all of them, and sees to those that nothing wakes. */
import { type Clock, createClock, type EngineOptions } from '@baton/saga';
import { toWays } from '@baton/saga/core/saga';
import { createGuard, type Guard, printError, throwAgain } from '@baton/saga/embedded/bug';
import { startPruning } from '@baton/saga/embedded/pruning';
import { Ends } from '@baton/saga/embedded/settled';
import { toBreakerOptions } from '@baton/saga/run/breaker';
import { createBreakerHandlers } from './breaker-object.ts';
import { bufferHandlers } from './buffer-object.ts';
import { feedHandlers, pageHandlers } from './feed-object.ts';
import { createFirstTries } from './first-tries.ts';
import { FollowingFeed } from './following-feed.ts';
import { createForgetting } from './forgetting.ts';
import { type Call, ClusterUnreachable, findRun } from './ingress.ts';
import { createLaneHandlers } from './lane-object.ts';
import { LaneViews } from './lane-views.ts';
import type { Handlers } from './objects.ts';
import { Projection } from './projection.ts';
import { createRunHandlers } from './run-object.ts';
import { feed, feedKey } from './services.ts';
import { startSweeper } from './sweeper.ts';

export interface Served {
  /** Tells the cluster where the handlers are. Rejects with ClusterUnreachable where that may be tried again. */
  register(): Promise<void>;
  /** The cluster connects anew, and perhaps to another replica. */
  turnAway(): void;
  /** What is under way ends first. */
  stop(): Promise<void>;
}
/** How a replica is tied to its cluster. */
export interface ClusterLink {
  readonly call: Call;
  /** No call takes longer than `callLongestMs`. */
  serve(handlers: Handlers, callLongestMs: number): Promise<Served>;
  /** The cluster, or a call of its, is in trouble: for a person to read. It is tried again. */
  readonly onTrouble: (message: string) => void;
}

const clusterLongestMs = 60_000;
const askAgainMs = 200;

export class Replica {
  readonly clock: Clock;
  /** Of this process, in milliseconds since the epoch. */
  readonly bornAt: number;
  readonly feed: FollowingFeed;
  readonly ends = new Ends();
  readonly projection: Projection;
  readonly lanes: LaneViews;
  /** Runs that move in this process. */
  moving = 0;
  readonly #options: EngineOptions;
  readonly #link: ClusterLink;
  readonly #callsMax: number;
  readonly #guard: Guard;
  #served: Served | undefined;
  #stops: (() => void | Promise<void>)[] = [];

  constructor(options: EngineOptions, link: ClusterLink) {
    const { journal, sagas } = options;
    this.#options = options;
    this.#link = link;
    this.#callsMax = options.callsMax ?? 32;
    this.#guard = createGuard(options.onBug ?? throwAgain);
    this.clock = options.clock ?? createClock();
    this.bornAt = this.clock.now();
    this.feed = new FollowingFeed(journal, this.#guard, () => this.projection.sync());
    this.lanes = new LaneViews({
      sagas,
      clock: this.clock,
      callsMax: this.#callsMax,
      call: link.call,
    });
    this.projection = new Projection({
      journal,
      sagas,
      clock: this.clock,
      bornAt: this.bornAt,
      read: (query) =>
        link.call((ingress, opts) => ingress.objectClient(feed, feedKey).read(query, opts)),
      feed: this.feed,
      ends: this.ends,
      onUnreachable: this.#tell,
    });
  }

  /** Resolves when all that the cluster has told by now is known here. */
  async start(): Promise<void> {
    const { journal, sagas, drainPerSecond = 200 } = this.#options;
    const calls = sagas
      .flatMap(({ plan }) => plan.flatMap(toWays))
      .flatMap((way) => [way, way.undo]);
    const callLongestMs = Math.max(0, ...calls.map((called) => called?.tries.timeoutMs ?? 0));
    const served = await this.#link.serve(this.#createHandlers(), callLongestMs);
    this.#served = served;
    const known = sagas.map(({ name, version }) => ({ saga: name, version }));
    await journal.review(known, Number.MAX_SAFE_INTEGER);
    await this.#insist(() => served.register());
    await this.#insist(() => this.projection.start());
    const forgetting = createForgetting({
      journal,
      forget: (id) => this.#link.call((ingress, opts) => findRun(ingress, id).forget(opts)),
      onUnreachable: this.#tell,
    });
    const prunable = { ...this.#options, journal: forgetting };
    const stopPruning = startPruning(prunable, this.clock, this.#guard);
    const stopSweeping = startSweeper({
      journal,
      clock: this.clock,
      drainPerSecond,
      lanes: this.lanes,
      lastAt: (id) => this.projection.readState(id)?.at ?? 0,
      nudge: (id, driven, key) =>
        this.#link.call((ingress, opts) => findRun(ingress, id).nudge(driven, opts), key),
      onUnreachable: this.#tell,
    });
    // Those who ask the cluster go before those who answer it.
    this.#stops = [stopPruning, stopSweeping, () => this.projection.stop(), () => served.stop()];
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop();
    this.#options.journal.close();
    this.ends.sendHome();
  }

  /** The nodes may start later than this, or be told later where the handlers are. */
  async #insist(ask: () => Promise<void>): Promise<void> {
    const deadline = this.clock.now() + clusterLongestMs;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof ClusterUnreachable) || this.clock.now() > deadline) throw error;
        this.#tell(error);
      }
      await new Promise<void>((resolve) => this.clock.setTimer(askAgainMs, resolve));
    }
  }

  #createHandlers(): Handlers {
    const { sagas, random = Math.random, breaker, onError } = this.#options;
    const callsMax = this.#callsMax;
    const run = createRunHandlers({
      sagas,
      callsMax,
      clock: this.clock,
      random,
      bornAt: this.bornAt,
      tries: createFirstTries(),
      onForeign: () => this.#served?.turnAway(),
      onMoving: (change) => {
        this.moving += change;
        if (change < 0) this.projection.stir();
      },
      onError: (error, of) => this.#guard(() => (onError ?? printError)(error, of)),
    });
    return {
      run,
      lane: createLaneHandlers({ callsMax }),
      breaker: createBreakerHandlers({ callsMax, breaker: toBreakerOptions(breaker) }),
      feed: feedHandlers,
      page: pageHandlers,
      buffer: bufferHandlers,
    };
  }

  readonly #tell = (error: unknown): void =>
    this.#link.onTrouble(error instanceof Error ? error.message : String(error));
}
