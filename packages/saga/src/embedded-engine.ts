// The engine behind `createEngine`: who is open, who asked, who waits.
//
// 1. A submission is acknowledged after its commit, and one id is one run, however often it is submitted.
// 2. Recovery ends before `start` resolves: open the port after that.
// 3. Everything is bounded: runs in progress, open runs, the time ended runs are kept.
import { throwAgain } from './bug.ts';
import { type Clock, createClock, repeat } from './clock.ts';
import { isPastPivot } from './decide.ts';
import { isPoison } from './driver.ts';
import type {
  Archive,
  Cancellation,
  Engine,
  EngineCounts,
  EngineOptions,
  Intervention,
  Notices,
  RetryOptions,
  RunView,
  Submission,
  SubmitOptions,
} from './engine.ts';
import type { Event, Happening } from './event.ts';
import { JournalFeed } from './feed.ts';
import type { ParticipantView } from './gate.ts';
import { type Intervened, toRetry, toSkip } from './intervention.ts';
import { isSettled, type Journal, type ListQuery, type RunSummary } from './journal.ts';
import { Pruning } from './pruning.ts';
import { toInterruption } from './recovery.ts';
import { createRegistry, type Registry } from './registry.ts';
import { Repairs } from './repairs.ts';
import { RunReader } from './run-reader.ts';
import type { Saga } from './saga.ts';
import { separateSecrets } from './secret.ts';
import type { RunState } from './state.ts';
import { toStored } from './stored.ts';
import { createRunId, toKnown } from './submission.ts';
import { viewRun } from './view-run.ts';
import { createWaiters } from './waiters.ts';
import { createRun, type Run, readState, Worker } from './worker.ts';

/** Recovers every open run, then goes on with it. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(options);
  await engine.start();
  return engine;
}

class EmbeddedEngine implements Engine {
  readonly feed: JournalFeed;
  readonly notices: Notices;
  readonly archive: Archive;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #openMax: number;
  readonly #onBug: (error: unknown) => void;
  readonly #worker: Worker;
  readonly #registry: Registry;
  readonly #reader: RunReader;
  readonly #repairs: Repairs;
  readonly #pruning: Pruning;
  /** Open runs, and completed ones under repair. */
  readonly #runs = new Map<string, Run>();
  /** Those of them that have not settled: what the limit counts. */
  readonly #open = new Set<string>();
  readonly #accepting = new Map<string, Promise<void>>();
  readonly #waiters = createWaiters<RunState>();
  readonly #quarantined = new Set<string>();
  #stopRepeating = (): void => {};
  #hasStopped = false;

  constructor(options: EngineOptions) {
    this.#journal = options.journal;
    this.#clock = options.clock ?? createClock();
    this.#openMax = options.openMax ?? 10_000;
    this.#onBug = options.onBug ?? throwAgain;
    this.feed = new JournalFeed(this.#journal, this.#guard);
    this.notices = {
      add: (notice) => this.#journal.addNotice(notice),
      list: async (limit) => this.#journal.readNotices(limit),
    };
    this.archive = { read: async () => this.#journal.readCarried() };
    this.#registry = createRegistry(options.sagas);
    this.#reader = new RunReader(options.journal, this.#registry);
    this.#repairs = new Repairs({
      journal: options.journal,
      clock: this.#clock,
      registry: this.#registry,
      isKnown: (id) => this.#runs.has(id) || this.#quarantined.has(id),
      load: (id) => this.#load(id),
      setAside: (id) => this.#setAside(id),
      putBack: (run) => this.#worker.putBack(run),
    });
    this.#pruning = new Pruning(options, this.#clock, this.#guard);
    this.#worker = new Worker({
      journal: options.journal,
      clock: this.#clock,
      random: options.random ?? Math.random,
      concurrencyMax: options.concurrencyMax ?? 64,
      callsMax: options.callsMax ?? 32,
      drainPerSecond: options.drainPerSecond ?? 200,
      breaker: options.breaker ?? {},
      onCommitted: (run, events, position) => this.#tell(run, events, position),
      onIdle: (run, awaited) => {
        this.#runs.delete(run.id);
        this.#repairs.letGo(run.id, awaited);
      },
      hasRoom: () => this.#repairs.hasRoom(),
      onClosed: (participant) => this.#repairs.summon(participant),
      onBug: this.#onBug,
    });
  }

  async start(): Promise<void> {
    const open = this.#journal.listOpen().map((id) => this.#load(id));
    const found = [...open.filter((run) => run !== undefined), ...this.#repairs.fetchInterrupted()];
    if (!this.#journal.wasAtRest()) await Promise.all(found.map((run) => this.#recover(run)));
    for (const run of [...found, ...this.#repairs.fetch()]) this.#resume(run);
    this.#stopRepeating = repeat(this.#clock, 1_000, () => {
      this.#guard(() => {
        for (const run of this.#repairs.fetch()) this.#resume(run);
      });
      this.#pruning.start();
    });
  }

  async submit<I>(saga: Saga<I>, input: I, options: SubmitOptions = {}): Promise<Submission> {
    const { id = createRunId(), fingerprint = '', context = {} } = options;
    this.#registry.require(saga);
    const checked = await saga.input['~standard'].validate(input);
    if (checked.issues) return { type: 'invalid', issues: checked.issues };
    // Nothing is awaited between this check and the claim of the id below.
    while (this.#accepting.has(id)) await this.#accepting.get(id);
    this.#refuseStopped();
    const known = this.#journal.readSubmission(id);
    if (known) return toKnown(id, known, fingerprint);
    if (this.#open.size >= this.#openMax) return { type: 'full', openMax: this.#openMax };
    const parts = separateSecrets(toStored(checked.value), saga.secrets);
    const { name, version, structure } = saga;
    const begin = { saga: name, version, structure, input: parts.input, context };
    const run = createRun(id, saga, parts.secrets, null);
    await this.#claim(run, this.#worker.commit(run, [{ type: 'accepted', ...begin }], fingerprint));
    this.#worker.wake(run);
    return { type: 'accepted', id };
  }

  async cancel(id: string, reason: string): Promise<Cancellation> {
    const run = this.#runs.get(id);
    // What is being written may be the end, or an earlier request: neither is answered before it is durable.
    while (run && run.state !== run.ahead) await this.#worker.commit(run, []);
    this.#refuseStopped();
    const state = run?.state;
    if (this.#quarantined.has(id)) return 'quarantined';
    if (!run || !state || isSettled(state))
      return this.#journal.readSubmission(id) ? 'settled' : 'unknown-run';
    if (isPastPivot(run.saga, state)) return 'past-the-pivot';
    if (state.phase === 'forward' && !state.cancelRequested)
      await this.#worker.commit(run, [{ type: 'cancel-requested', reason }]);
    this.#worker.wake(run);
    return 'cancel-requested';
  }

  retry(id: string, reason: string, options?: RetryOptions): Promise<Intervention> {
    return this.#intervene(id, (run) => toRetry(run, reason, options));
  }

  skip(id: string, step: string, reason: string): Promise<Intervention> {
    return this.#intervene(id, (run) => toSkip(run, step, reason));
  }

  async read(id: string): Promise<RunView | undefined> {
    const stored = this.#reader.replay(id);
    if (!stored) return undefined;
    const saga = this.#registry.find(stored.state);
    const live = { attempt: this.#runs.get(id)?.attempt ?? null, passages: this.#worker.passages };
    return viewRun(saga, { id, ...stored }, this.#clock.now(), live);
  }

  async readState(id: string): Promise<RunState | undefined> {
    return this.#runs.get(id)?.state ?? this.#reader.replay(id)?.state;
  }

  async list(query: ListQuery): Promise<RunSummary[]> {
    return this.#journal.list(query);
  }

  async settled(id: string, signal?: AbortSignal): Promise<RunState | undefined> {
    if (this.#open.has(id)) return this.#waiters.wait(id, signal);
    const state = await this.readState(id);
    return state && isSettled(state) ? state : undefined;
  }

  async counts(): Promise<EngineCounts> {
    const quarantined = this.#quarantined.size;
    return { ...this.#worker.counts(), open: this.#open.size, openMax: this.#openMax, quarantined };
  }

  async participants(): Promise<readonly ParticipantView[]> {
    return this.#worker.gates();
  }

  async standby(): Promise<boolean> {
    return this.#journal.hasStandby();
  }

  async stop(): Promise<void> {
    this.#stopRepeating();
    this.#pruning.stop();
    await this.#worker.stop(this.#runs.values());
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    // What was under way in runs that nobody here could recover is still to be said.
    if (![...this.#quarantined].some((id) => !this.#reader.load(id))) this.#journal.rest();
    this.#journal.close();
    this.#waiters.endAll();
  }

  #refuseStopped(): void {
    if (this.#hasStopped) throw new Error('the engine has stopped');
  }

  /** Sets aside what cannot be gone on with: the others go on. */
  #load(id: string): Run | undefined {
    const run = this.#reader.load(id);
    if (run) this.#keep(run);
    else this.#setAside(id);
    return run;
  }

  async #recover(run: Run): Promise<void> {
    const { saga } = run;
    const interruption = toInterruption(saga, readState(run), this.#clock.now());
    if (!interruption) return;
    await this.#worker.commit(run, [interruption]);
    if (isPoison(readState(run)))
      await this.#worker.commit(run, [{ type: 'quarantined', code: 'crashes' }]);
  }

  #resume(run: Run): void {
    if (readState(run).isQuarantined) this.#setAside(run.id);
    else this.#worker.wake(run);
  }

  #keep(run: Run): void {
    this.#runs.set(run.id, run);
    if (run.state && isSettled(run.state)) this.#repairs.hold(run);
    else this.#open.add(run.id);
  }

  #setAside(id: string): void {
    this.#runs.delete(id);
    this.#open.delete(id);
    this.#repairs.letGo(id, null);
    this.#quarantined.add(id);
  }

  /** What an operator asks for is written like everything else, then the run goes on with it. */
  async #intervene(
    id: string,
    toWish: (run: Intervened) => readonly Happening[] | Exclude<Intervention, 'done'>,
  ): Promise<Intervention> {
    const run = this.#runs.get(id) ?? this.#reader.load(id);
    // One that had to be read has nothing on its way: nothing is awaited before it is in the map below.
    while (run && run.state !== run.ahead) await this.#worker.commit(run, []);
    this.#refuseStopped();
    if (!run) return this.#journal.read(id) ? 'quarantined' : 'unknown-run';
    const { saga, attempt } = run;
    const wish = toWish({ saga, state: readState(run), inFlight: attempt?.way ?? null });
    if (typeof wish === 'string') return wish;
    this.#keep(run);
    this.#quarantined.delete(id);
    await this.#worker.commit(run, wish);
    this.#worker.hasten(run);
    return 'done';
  }

  async #claim(run: Run, accepted: Promise<void>): Promise<void> {
    this.#keep(run);
    this.#accepting.set(run.id, accepted);
    await accepted;
    this.#accepting.delete(run.id);
  }

  #tell(run: Run, events: readonly Event[], position: number): void {
    const state = readState(run);
    this.feed.tell({ run: run.id, position, events, state });
    if (!isSettled(state)) return;
    this.#open.delete(run.id);
    this.#waiters.end(run.id, state);
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
