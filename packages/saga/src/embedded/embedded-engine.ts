/**
 * The engine behind `createEngine`: its methods, and what it knows of all runs together.
 *
 * 1. A submission is acknowledged after its commit, and one id is one run, however often it is submitted.
 * 2. Calls that were under way when the process ended are marked before anything else is done with a run, and for all
 *    runs that are due before `start` resolves: open the port after that.
 * 3. Everything is bounded: runs in progress, open runs, the time ended runs are kept.
 */
import { isPastPivot } from '../core/decide.ts';
import type { Happening } from '../core/event.ts';
import { tryReplay } from '../core/history.ts';
import { endlessDelayMaxMs } from '../core/policy.ts';
import { findSaga, type Saga } from '../core/saga.ts';
import { separateSecrets } from '../core/secret.ts';
import type { RunState } from '../core/state.ts';
import { isSettled } from '../core/status.ts';
import { toStored } from '../core/stored.ts';
import type { Journal, ListQuery } from '../journal/journal.ts';
import { toBreakerOptions } from '../run/breaker.ts';
import { type Clock, createClock } from '../run/clock.ts';
import type { Commit } from '../run/host.ts';
import { toRecovery } from '../run/recovery.ts';
import { Run, readState } from '../run/run.ts';
import { Scheduler } from '../run/scheduler.ts';
import { callable, check, checkOptions, checkQuery, readSubmitOptions, text } from './arguments.ts';
import { createGuard, type Guard, printError, throwAgain } from './bug.ts';
import type {
  Cancellation,
  Engine,
  EngineOptions,
  Intervention,
  RetryOptions,
  Submission,
  SubmitOptions,
} from './engine.ts';
import { createNotices, JournalFeed } from './feed.ts';
import { toRetry, toSkip, type Wish } from './intervention.ts';
import { startPruning } from './pruning.ts';
import { createSettled, Ends } from './settled.ts';
import { viewRun } from './view-run.ts';

const roomLookMs = 100;

/** Recovers what is due, then goes on with it. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  checkOptions(options);
  const engine = new EmbeddedEngine(options);
  await engine.start();
  return engine;
}

class EmbeddedEngine implements Engine {
  readonly feed: JournalFeed;
  readonly notices: Engine['notices'];
  readonly archive: Engine['archive'];
  readonly #options: EngineOptions;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #openMax: number;
  readonly #guard: Guard;
  readonly #scheduler: Scheduler;
  readonly #ends = new Ends();
  /** Runs that have not settled, and runs that are set aside. */
  #counts = { open: 0, aside: 0 };
  /** Of the one timer: the pruning's, then that of the end. */
  #callOff = (): void => {};
  #ending: Promise<void> | undefined;
  #hasStopped = false;

  constructor(options: EngineOptions) {
    const { journal, random = Math.random, onBug = throwAgain } = options;
    this.#options = options;
    this.#journal = journal;
    const clock = options.clock ?? createClock();
    // The journal keeps whole milliseconds.
    this.#clock = { now: () => Math.floor(clock.now()), setTimer: clock.setTimer.bind(clock) };
    this.#openMax = options.openMax ?? 100_000;
    this.#guard = createGuard(onBug);
    this.feed = new JournalFeed(journal, this.#guard);
    this.notices = createNotices(journal, () => this.#refuseStopped());
    this.archive = { read: async () => journal.readCarried() };
    this.#scheduler = new Scheduler({
      journal,
      clock: this.#clock,
      // Not a number would make a time of a wait that never comes.
      random: () => Math.min(1, Math.max(0, random() || 0)),
      concurrencyMax: options.concurrencyMax ?? 64,
      callsMax: options.callsMax ?? 32,
      drainPerSecond: options.drainPerSecond ?? 200,
      breaker: toBreakerOptions(options.breaker),
      read: (id) => this.#load(id),
      onCommitted: (commit) => this.#tell(commit),
      onError: (error, of) => this.#guard(() => (options.onError ?? printError)(error, of)),
      onBug,
    });
  }

  async start(): Promise<void> {
    const { sagas } = this.#options;
    const delays = sagas.flatMap(({ plan }) => plan.map((step) => step.first.tries.delayMaxMs));
    const known = sagas.map(({ name, version }) => ({ saga: name, version }));
    await this.#journal.review(known, this.#clock.now() + Math.max(endlessDelayMaxMs, ...delays));
    this.#counts = { ...this.#journal.countRuns() };
    await this.#scheduler.start();
    this.#callOff = startPruning(this.#options, this.#clock, this.#guard);
  }

  async submit<I>(saga: Saga<I>, input: I, options: SubmitOptions = {}): Promise<Submission> {
    const { id, fingerprint, context } = readSubmitOptions(options);
    // Not the definition that was passed: it may only look like the registered one.
    const known = saga && findSaga(this.#options.sagas, saga);
    if (!known)
      throw new Error(
        `${saga?.name}@${saga?.version} is not registered: no restart could go on with it`,
      );
    const checked = await known.input['~standard'].validate(input);
    if (checked.issues) return { type: 'invalid', issues: checked.issues };
    const { name, version, structure, secrets: paths } = known;
    const { input: shown, secrets } = separateSecrets(toStored(checked.value, 'input'), paths);
    // Nothing is awaited between this check and the claim of the id below.
    for (let run = this.#scheduler.find(id); run?.state === null; run = this.#scheduler.find(id))
      await run.written;
    this.#refuseStopped();
    const before = this.#journal.readSubmission(id);
    if (before && before.fingerprint !== fingerprint) return { type: 'conflict', id };
    if (before) return { type: 'known', id, prunedAs: before.prunedAs };
    if (this.#counts.open >= this.#openMax || !this.#journal.hasRoom())
      return { type: 'full', openMax: this.#openMax };
    const begin = { saga: name, version, structure, input: shown, context };
    const run = new Run(id, known, { state: null, secrets });
    this.#counts.open += 1;
    await this.#scheduler.attend(run, () =>
      this.#scheduler.host.commit(run, [{ type: 'accepted', ...begin }], { fingerprint }),
    );
    return { type: 'accepted', id };
  }

  async cancel(id: string, reason: string): Promise<Cancellation> {
    const answer = await this.#attend(id, reason, async (run) => {
      const state = readState(run);
      if (isSettled(state)) return 'settled';
      if (isPastPivot(run.saga, state)) return 'past-the-pivot';
      if (state.phase === 'forward' && !state.cancelRequested)
        await this.#scheduler.host.commit(run, [{ type: 'cancel-requested', reason }]);
      return 'cancel-requested';
    });
    const isPruned = answer === 'unknown-run' && this.#journal.readSubmission(id);
    return isPruned ? 'settled' : answer;
  }

  async retry(id: string, reason: string, options?: RetryOptions): Promise<Intervention> {
    return this.#intervene(id, reason, (run) => toRetry(run, reason, options));
  }

  async skip(id: string, step: string, reason: string): Promise<Intervention> {
    return this.#intervene(id, reason, (run) => toSkip(run, step, reason));
  }

  async read(id: string) {
    const stored = this.#replay(id);
    if (!stored) return undefined;
    const { lanes } = this.#scheduler;
    const attempt = this.#scheduler.find(id)?.attempt ?? null;
    const viewed = { id, ...stored, attempt, bornAt: lanes.bornAt };
    return viewRun(stored.saga ?? null, viewed, this.#clock.now(), lanes.all());
  }

  async readState(id: string) {
    return this.#readState(id);
  }

  async list(query: ListQuery) {
    checkQuery(query);
    return this.#journal.list(query);
  }

  get settled(): Engine['settled'] {
    return createSettled(async (id, signal) => {
      if (signal !== undefined) check({ signal: signal?.addEventListener }, callable);
      const state = this.#readState(id);
      return state && !isSettled(state) ? this.#ends.wait(id, signal) : state;
    });
  }

  async counts() {
    const { open, aside: quarantined } = this.#counts;
    const hasRoom = this.#journal.hasRoom();
    return { ...this.#scheduler.counts(), open, openMax: this.#openMax, quarantined, hasRoom };
  }

  async participants() {
    return this.#scheduler.lanes.views();
  }

  async standby() {
    return this.#journal.hasStandby();
  }

  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#journal.expectEnd();
    const moved = this.#scheduler.stop().then(() => true);
    const isAtRest = await Promise.race([moved, this.#hasRoom()]);
    this.#callOff();
    this.#hasStopped = true;
    if (isAtRest) this.#journal.rest();
    this.#journal.close();
    this.#ends.sendHome();
  }

  /** Resolves with false once the disk is full: writes that wait for room would be waited for without end. */
  async #hasRoom(): Promise<boolean> {
    while (this.#journal.hasRoom())
      await new Promise<void>((ring) => {
        this.#callOff();
        this.#callOff = this.#clock.setTimer(roomLookMs, ring);
      });
    return false;
  }

  #refuseStopped(): void {
    if (this.#hasStopped) throw new Error('the engine has stopped');
  }

  /** Undefined for an unknown run, or events that make no sense. `saga` is undefined when its definition is gone. */
  #replay(id: string) {
    check({ id }, text);
    const stored = this.#journal.read(id);
    const state = stored && tryReplay(stored.events);
    const saga = state && findSaga(this.#options.sagas, { ...state, name: state.saga });
    return state && { ...stored, state, saga };
  }

  /** Waits for nothing, since a run that settles in between would be missed. */
  #readState(id: string): RunState | undefined {
    return this.#scheduler.find(id)?.state ?? this.#replay(id)?.state;
  }

  #load(id: string): { readonly run: Run; readonly cutOff: Happening[] } | undefined {
    const stored = this.#replay(id);
    if (!stored?.saga) return this.#setAside(id);
    const { saga, state, position } = stored;
    const { unseenTo, wasTold } = this.#journal;
    const { isBlameless = wasTold } = this.#options;
    const isUnseen = position <= unseenTo;
    const cutOff = isUnseen ? toRecovery(saga, state, this.#clock.now(), isBlameless) : [];
    return { run: new Run(id, saga, stored), cutOff };
  }

  /** Sets aside a run that cannot go on: the others go on. */
  #setAside(id: string): undefined {
    const was = this.#journal.setAside(id);
    if (was === 'open') this.#counts.open -= 1;
    if (was) this.#counts.aside += 1;
  }

  async #attend<T>(id: string, reason: string, ask: (run: Run) => Promise<T>) {
    check({ id, reason }, text);
    this.#refuseStopped();
    return this.#scheduler.attend(id, async (run) => {
      this.#refuseStopped();
      if (run) return ask(run);
      return this.#journal.read(id) ? 'quarantined' : 'unknown-run';
    });
  }

  /** An operator's wish is written like everything else, then the run goes on with it. */
  #intervene(id: string, reason: string, toWish: (run: Run) => Wish): Promise<Intervention> {
    return this.#attend(id, reason, async (run) => {
      const wish = toWish(run);
      if (typeof wish === 'string') return wish;
      await this.#scheduler.host.commit(run, wish);
      this.#scheduler.lanes.hasten(run);
      return 'done';
    });
  }

  #tell(commit: Commit): void {
    const { run, before, state } = commit;
    // A new run was counted when it was admitted.
    if (before && !isSettled(before) && isSettled(state)) this.#counts.open -= 1;
    this.feed.tell(commit);
    if (isSettled(state)) this.#ends.tell(run, state);
  }
}
