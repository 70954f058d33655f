/**
 * The engine on a Restate cluster: what is asked of a run goes to its object, what is asked of all runs to the projection.
 *
 * 1. A submission is acknowledged after the cluster has it on the disks of a majority, and one id is one run.
 * 2. Every replica takes every request, and carries any run: nobody is the active one.
 * 3. What the cluster cannot be asked is an error; nothing but lists is answered from what may be old.
 * 4. What never changes is answered from here, and waits for no call: ended runs, and what was submitted.
 */
import { randomUUID } from 'node:crypto';
import {
  type Engine,
  type EngineOptions,
  isSettled,
  type RetryOptions,
  type RunState,
  replay,
  type Saga,
  type Submission,
  type SubmitOptions,
  viewRun,
} from '@baton/saga';
import { findRepairs } from '@baton/saga/core/decide';
import { findSaga } from '@baton/saga/core/saga';
import {
  check,
  checkOptions,
  checkQuery,
  flag,
  readSubmitOptions,
  text,
} from '@baton/saga/embedded/arguments';
import { createNotices } from '@baton/saga/embedded/feed';
import { createSettled } from '@baton/saga/embedded/settled';
import type { ListQuery } from '@baton/saga/journal/journal';
import { type CallOptions, ClusterUnreachable, findRun, type RunClient } from './ingress.ts';
import { seeLongestMs } from './projection.ts';
import { type ClusterLink, Replica } from './replica.ts';
import { toSubmitted } from './submitted.ts';

/** The journal is this replica's projection, a file of its own. Resolves when all that the cluster has told is read. */
export async function createRestateEngine(
  options: EngineOptions,
  link: ClusterLink,
): Promise<Engine> {
  checkOptions(options);
  const engine = new RestateEngine(options, link);
  await engine.start();
  return engine;
}

const openMaxDefault = 100_000;
/** A build that does not know a definition turns the cluster away: whom it calls next is up to chance. */
const askAgainMs = [50, 100, 200, 400, 800];

class RestateEngine implements Engine {
  readonly feed: Engine['feed'];
  readonly notices: Engine['notices'];
  readonly archive: Engine['archive'];
  readonly #options: EngineOptions;
  readonly #link: ClusterLink;
  readonly #replica: Replica;
  #hasStopped = false;
  /** Not seen here yet: they are open all the same. */
  #submitting = 0;

  constructor(options: EngineOptions, link: ClusterLink) {
    const { journal } = options;
    this.#options = options;
    this.#link = link;
    this.#replica = new Replica(options, link);
    this.feed = this.#replica.feed;
    this.notices = createNotices(journal);
    this.archive = { read: async () => journal.readCarried() };
  }

  start(): Promise<void> {
    return this.#replica.start();
  }

  async submit<I>(saga: Saga<I>, input: I, options: SubmitOptions = {}): Promise<Submission> {
    const known = saga && findSaga(this.#options.sagas, saga);
    if (!known) throw new Error(`${saga?.name}@${saga?.version} is not registered`);
    const given = readSubmitOptions(options);
    const { id, fingerprint } = given;
    const submitted = await toSubmitted(known, input, given);
    if ('issues' in submitted) return { type: 'invalid', issues: submitted.issues };
    this.#refuseStopped();
    const { journal, openMax = openMaxDefault } = this.#options;
    const before = journal.readSubmission(id);
    if (before && before.fingerprint !== fingerprint) return { type: 'conflict', id };
    if (before) return { type: 'known', id, prunedAs: before.prunedAs };
    const isFull = journal.countRuns().open + this.#submitting >= openMax;
    if (isFull || !journal.hasRoom()) return { type: 'full', openMax };
    this.#submitting += 1;
    try {
      const submission = await this.#ask(id, (object, opts) => object.submit(submitted, opts));
      if (submission.type === 'accepted') await this.#replica.projection.sees(id);
      return submission;
    } finally {
      this.#submitting -= 1;
    }
  }

  async cancel(id: string, reason: string) {
    check({ id, reason }, text);
    return this.#askKnowing(id, (object, opts) => object.cancel(reason, opts));
  }

  async retry(id: string, reason: string, options?: RetryOptions) {
    const { by, nudge } = options ?? {};
    // What is wrong is refused here: a handler that throws is called again without end.
    check({ id, reason, ...(by !== undefined && { by }) }, text);
    if (nudge !== undefined) check({ nudge }, flag);
    const how = { reason, ...(by !== undefined && { by }), ...(nudge !== undefined && { nudge }) };
    return this.#askKnowing(id, (object, opts) => object.retry(how, opts));
  }

  async skip(id: string, step: string, reason: string) {
    check({ id, step, reason }, text);
    return this.#askKnowing(id, (object, opts) => object.skip({ step, reason }, opts));
  }

  /** Of a run that has ended here, from here: it has no more to tell. */
  async read(id: string) {
    check({ id }, text);
    const stored = this.#options.journal.read(id);
    const known = stored && { state: replay(stored.events), events: stored.events };
    const isEnded = known && this.#hasEnded(known.state);
    const viewed = isEnded
      ? known
      : ((await this.#fetch(id).catch((error) => this.#fallBack(known, error))) ?? known);
    if (!viewed) return undefined;
    const { state } = viewed;
    const saga = this.#findSaga(state);
    const bornAt = this.#replica.bornAt;
    const lanes = isEnded ? undefined : await this.#replica.lanes.all();
    return viewRun(saga, { id, ...viewed, bornAt }, this.#replica.clock.now(), lanes);
  }

  #findSaga(state: RunState): Saga<unknown> | null {
    return findSaga(this.#options.sagas, { ...state, name: state.saga }) ?? null;
  }

  /** With nothing left to make up for. */
  #hasEnded(state: RunState): boolean {
    const saga = this.#findSaga(state);
    return saga !== null && isSettled(state) && findRepairs(saga, state).length === 0;
  }

  async readState(id: string) {
    check({ id }, text);
    const known = this.#replica.projection.readState(id);
    if (known && isSettled(known)) return known;
    const fresh = await this.#fetch(id).catch((error) => this.#fallBack(known, error));
    return fresh?.state ?? known;
  }

  async list(query: ListQuery) {
    checkQuery(query);
    await this.#replica.projection.sync();
    return this.#options.journal.list(query);
  }

  get settled(): Engine['settled'] {
    return createSettled(async (id, signal) => {
      const enough = new AbortController();
      const signals = signal ? [signal, enough.signal] : [enough.signal];
      // Before the look: an end in between would be missed.
      const ended = this.#replica.ends.wait(id, AbortSignal.any(signals));
      const state = await this.readState(id);
      if (state && !isSettled(state)) return ended;
      if (!state || this.#hasSettledHere(id)) {
        enough.abort();
        return state;
      }
      // Whoever hears of its end finds it in lists and books.
      const callOff = this.#replica.clock.setTimer(seeLongestMs, () => enough.abort());
      this.#replica.projection.stir();
      await ended;
      callOff();
      return state;
    });
  }

  /** What is on its way to the file is not here yet. */
  #hasSettledHere(id: string): boolean {
    const stored = this.#options.journal.read(id);
    return stored !== undefined && isSettled(replay(stored.events));
  }

  async counts() {
    const { journal, openMax = openMaxDefault } = this.#options;
    const { open, aside: quarantined } = journal.countRuns();
    const { moving, clock, projection } = this.#replica;
    // Those that move are due as well.
    const queued = Math.max(0, journal.countDue(clock.now()) - moving);
    const { isReached } = projection;
    return { moving, queued, open, openMax, quarantined, hasRoom: journal.hasRoom(), isReached };
  }

  async participants() {
    const waits = this.#options.journal.countWaits();
    return [...(await this.#replica.lanes.all())].map(([participant, lane]) => ({
      participant,
      ...lane.view(),
      waiting: lane.waiting,
      parked:
        waits.find((wait) => wait.participant === participant && wait.kind === 'parked')?.count ??
        0,
    }));
  }

  /** Every replica is active. */
  async standby() {
    return false;
  }

  async stop(): Promise<void> {
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    await this.#replica.stop();
  }

  /** While one build takes another's place, the cluster may call the one that does not know the run's definition. */
  async #askKnowing<T>(
    id: string,
    ask: (object: RunClient, opts: CallOptions) => PromiseLike<T | 'foreign'>,
  ): Promise<T | 'quarantined'> {
    for (const delayMs of askAgainMs) {
      const answer = await this.#ask(id, ask);
      if (answer !== 'foreign') return answer;
      await new Promise<void>((resolve) => this.#replica.clock.setTimer(delayMs, resolve));
    }
    const answer = await this.#ask(id, ask);
    return answer === 'foreign' ? 'quarantined' : answer;
  }

  /** Something that the run's object does; what it came to is soon to be seen here. */
  async #ask<T>(
    id: string,
    ask: (object: RunClient, opts: CallOptions) => PromiseLike<T>,
  ): Promise<T> {
    this.#refuseStopped();
    const answer = await this.#link.call(
      (ingress, opts) => ask(findRun(ingress, id), opts),
      randomUUID(),
    );
    this.#replica.projection.stir();
    return answer;
  }

  async #fetch(id: string) {
    const events = await this.#link.call((ingress, opts) => findRun(ingress, id).read(opts));
    return events ? { state: replay(events), events } : undefined;
  }

  /** What is known here is shown while the cluster cannot be asked. */
  #fallBack(known: unknown, error: unknown): undefined {
    if (!known || !(error instanceof ClusterUnreachable)) throw error;
  }

  #refuseStopped(): void {
    if (this.#hasStopped) throw new Error('the engine has stopped');
  }
}
