/**
 * The engine behind `createEngine`: what is asked of it, and what it knows of all runs together.
 *
 * 1. A submission is acknowledged after its commit, and one id is one run, however often it is submitted.
 * 2. What was under way when the process ended is marked before anything else is done with a run, and for all that is
 *    due before `start` resolves: open the port after that.
 * 3. Everything is bounded: runs in progress, open runs, the time ended runs are kept.
 */
import { randomBytes } from 'node:crypto';
import { isPastPivot } from '../core/decide.ts';
import { tryReplay } from '../core/history.ts';
import { endlessDelayMaxMs } from '../core/policy.ts';
import { toStored } from '../core/reply.ts';
import type { Saga } from '../core/saga.ts';
import { separateSecrets } from '../core/secret.ts';
import type { RunState } from '../core/state.ts';
import { isSettled, toPlace } from '../core/status.ts';
import type { Journal, ListQuery } from '../journal/journal.ts';
import { toBreakerOptions } from '../run/breaker.ts';
import { type Clock, createClock } from '../run/clock.ts';
import type { Commit } from '../run/host.ts';
import { Run, readState } from '../run/run.ts';
import { Scheduler } from '../run/scheduler.ts';
import { printError, throwAgain } from './bug.ts';
import type {
  Cancellation,
  Engine,
  EngineOptions,
  Intervention,
  RetryOptions,
  Submission,
  SubmitOptions,
} from './engine.ts';
import { JournalFeed } from './feed.ts';
import { toRetry, toSkip, type Wish } from './intervention.ts';
import { pruneSome } from './pruning.ts';
import { createSettled, Ends } from './settled.ts';
import { viewRun } from './view-run.ts';

/** Recovers what is due, then goes on with it. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(options);
  await engine.start();
  return engine;
}

/** 128 random bits: nobody guesses one, and none comes twice. */
const createRunId = (): string => `run_${randomBytes(16).toString('hex')}`;
const pruneEveryMs = 1_000;
const prunePauseMs = 10;

class EmbeddedEngine implements Engine {
  readonly feed: JournalFeed;
  readonly notices: Engine['notices'];
  readonly archive: Engine['archive'];
  readonly #options: EngineOptions;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #openMax: number;
  readonly #onBug: (error: unknown) => void;
  readonly #scheduler: Scheduler;
  readonly #ends = new Ends();
  /** Runs that have not settled, and those that are set aside. */
  #counts = { open: 0, aside: 0 };
  #callOffPruning = (): void => {};
  #hasStopped = false;

  constructor(options: EngineOptions) {
    const { journal, sagas, random = Math.random } = options;
    const keys = sagas.map(({ name, version }) => `${name}@${version}`);
    const twice = keys.find((key, index) => keys.indexOf(key) < index);
    if (twice) throw new RangeError(`${twice} is registered twice`);
    this.#options = options;
    this.#journal = journal;
    this.#clock = options.clock ?? createClock();
    this.#openMax = options.openMax ?? 100_000;
    this.#onBug = options.onBug ?? throwAgain;
    this.feed = new JournalFeed(journal, this.#guard);
    this.notices = {
      add: (notice) => journal.addNotice(notice),
      list: async (limit) => journal.readNotices(limit),
    };
    this.archive = { read: async () => journal.readCarried() };
    this.#scheduler = new Scheduler({
      journal,
      clock: this.#clock,
      random,
      concurrencyMax: options.concurrencyMax ?? 64,
      callsMax: options.callsMax ?? 32,
      drainPerSecond: options.drainPerSecond ?? 200,
      breaker: toBreakerOptions(options.breaker),
      read: (id) => this.#load(id),
      onCommitted: (commit) => this.#tell(commit),
      onError: (run, error, { way, direction, number }) => {
        const step = direction === 'undo' ? `undo of ${way.name}` : way.name;
        (options.onError ?? printError)(error, { run: run.id, step, attempt: number });
      },
      onBug: this.#onBug,
    });
  }

  async start(): Promise<void> {
    const { sagas } = this.#options;
    const delays = sagas.flatMap(({ plan }) => plan.map((step) => step.first.tries.delayMaxMs));
    const known = sagas.map(({ name, version }) => ({ saga: name, version }));
    this.#journal.review(known, this.#clock.now() + Math.max(endlessDelayMaxMs, ...delays));
    this.#counts = { ...this.#journal.countRuns() };
    await this.#scheduler.start();
    this.#pruneIn(pruneEveryMs);
  }

  async submit<I>(saga: Saga<I>, input: I, options: SubmitOptions = {}): Promise<Submission> {
    const { id = createRunId(), fingerprint = '', context = {} } = options;
    if (!this.#findSaga(saga))
      throw new Error(
        `${saga.name}@${saga.version} is not registered: no restart could go on with it`,
      );
    const checked = await saga.input['~standard'].validate(input);
    if (checked.issues) return { type: 'invalid', issues: checked.issues };
    // Nothing is awaited between this check and the claim of the id below.
    for (let run = this.#scheduler.find(id); run?.state === null; run = this.#scheduler.find(id))
      await run.written;
    this.#refuseStopped();
    const known = this.#journal.readSubmission(id);
    if (known && known.fingerprint !== fingerprint) return { type: 'conflict', id };
    if (known) return { type: 'known', id, prunedAs: known.prunedAs };
    if (this.#counts.open >= this.#openMax) return { type: 'full', openMax: this.#openMax };
    const parts = separateSecrets(toStored(checked.value), saga.secrets);
    const { name, version, structure } = saga;
    const begin = { saga: name, version, structure, input: parts.input, context };
    const run = new Run(id, saga, { state: null, secrets: parts.secrets });
    this.#counts.open += 1;
    await this.#scheduler.attend(run, () =>
      this.#scheduler.host.commit(run, [{ type: 'accepted', ...begin }], { fingerprint }),
    );
    return { type: 'accepted', id };
  }

  cancel(id: string, reason: string): Promise<Cancellation> {
    return this.#attend(id, async (run) => {
      if (!run) return this.#findMissing(id);
      const { saga } = run;
      const state = readState(run);
      if (isSettled(state)) return 'settled';
      if (state.isQuarantined) return 'quarantined';
      if (isPastPivot(saga, state)) return 'past-the-pivot';
      if (state.phase === 'forward' && !state.cancelRequested)
        await this.#scheduler.host.commit(run, [{ type: 'cancel-requested', reason }]);
      return 'cancel-requested';
    });
  }

  retry(id: string, reason: string, options?: RetryOptions): Promise<Intervention> {
    return this.#intervene(id, (run) => toRetry(run, reason, options));
  }

  skip(id: string, step: string, reason: string): Promise<Intervention> {
    return this.#intervene(id, (run) => toSkip(run, step, reason));
  }

  async read(id: string) {
    const stored = this.#replay(id);
    if (!stored) return undefined;
    const lanes = this.#scheduler.lanes.all();
    const attempt = this.#scheduler.find(id)?.attempt ?? null;
    return viewRun(stored.saga ?? null, { id, ...stored, attempt }, this.#clock.now(), lanes);
  }

  async readState(id: string) {
    return this.#readState(id);
  }

  async list(query: ListQuery) {
    return this.#journal.list(query);
  }

  get settled(): Engine['settled'] {
    return createSettled(async (id, signal) => {
      const state = this.#readState(id);
      return state && !isSettled(state) ? this.#ends.wait(id, signal) : state;
    });
  }

  async counts() {
    const { open, aside } = this.#counts;
    return { ...this.#scheduler.counts(), open, openMax: this.#openMax, quarantined: aside };
  }

  async participants() {
    return this.#scheduler.lanes.views();
  }

  async standby() {
    return this.#journal.hasStandby();
  }

  async stop(): Promise<void> {
    this.#callOffPruning();
    await this.#scheduler.stop();
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    this.#journal.rest();
    this.#journal.close();
    this.#ends.sendHome();
  }

  #refuseStopped(): void {
    if (this.#hasStopped) throw new Error('the engine has stopped');
  }

  /** Undefined when the definition is not registered, or has changed without a new version. */
  #findSaga({ name, version, structure }: Pick<Saga<unknown>, 'name' | 'version' | 'structure'>) {
    return this.#options.sagas.find(
      (saga) => saga.name === name && saga.version === version && saga.structure === structure,
    );
  }

  /** However many are due, they go a batch at a time, and the event loop is free in between. */
  #pruneIn(delayMs: number): void {
    this.#callOffPruning = this.#clock.setTimer(delayMs, () => {
      let isMore = false;
      this.#guard(() => {
        isMore = pruneSome(this.#options, this.#clock);
      });
      this.#pruneIn(isMore ? prunePauseMs : pruneEveryMs);
    });
  }

  /** Undefined when it is not known, or its events make no sense. `saga` is undefined when its definition is gone. */
  #replay(id: string) {
    const stored = this.#journal.read(id);
    const state = stored && tryReplay(stored.events);
    const saga = state && this.#findSaga({ ...state, name: state.saga });
    return state && { ...stored, state, saga };
  }

  /** Without waiting for anything: what is settled in between would be missed. */
  #readState(id: string): RunState | undefined {
    return this.#scheduler.find(id)?.state ?? this.#replay(id)?.state;
  }

  #load(id: string): { readonly run: Run; readonly isUnseen: boolean } | undefined {
    const stored = this.#replay(id);
    if (!stored?.saga) return this.#setAside(id);
    const isUnseen = stored.position <= this.#journal.unseenTo;
    return { run: new Run(id, stored.saga, stored), isUnseen };
  }

  /** What cannot be gone on with: the others go on. */
  #setAside(id: string): undefined {
    const was = this.#journal.setAside(id);
    if (was === 'open') this.#counts.open -= 1;
    if (was) this.#counts.aside += 1;
  }

  #findMissing(id: string): Cancellation {
    if (this.#journal.read(id)) return 'quarantined';
    return this.#journal.readSubmission(id) ? 'settled' : 'unknown-run';
  }

  async #attend<T>(id: string, ask: (run: Run | undefined) => Promise<T>): Promise<T> {
    this.#refuseStopped();
    return this.#scheduler.attend(id, async (run) => {
      this.#refuseStopped();
      return ask(run);
    });
  }

  /** What an operator asks for is written like everything else, then the run goes on with it. */
  #intervene(id: string, toWish: (run: Run) => Wish): Promise<Intervention> {
    return this.#attend(id, async (run) => {
      if (!run) return this.#journal.read(id) ? 'quarantined' : 'unknown-run';
      const wish = toWish(run);
      if (typeof wish === 'string') return wish;
      await this.#scheduler.host.commit(run, wish);
      this.#scheduler.lanes.hasten(run);
      return 'done';
    });
  }

  #tell(commit: Commit): void {
    const { run, before, state } = commit;
    // A new run was counted when its place was taken.
    const [was, is] = before ? [toPlace(before), toPlace(state)] : [];
    if (was) this.#counts[was] -= 1;
    if (is) this.#counts[is] += 1;
    this.feed.tell(commit);
    if (isSettled(state)) this.#ends.tell(run, state);
  }

  /** What others wrote may fail without harm to the runs. */
  readonly #guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      this.#onBug(error);
    }
  };
}
