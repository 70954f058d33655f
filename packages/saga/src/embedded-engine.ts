// The engine behind `createEngine`: who is open, who asked, who waits.
//
// 1. A submission is acknowledged after its commit, and one id is one run, however often it is submitted.
// 2. Recovery ends before `start` resolves: open the port after that.
// 3. Everything is bounded: runs in progress, open runs, the time ended runs are kept.
import { randomBytes } from 'node:crypto';
import { type Clock, createClock, repeat } from './clock.ts';
import { decide, findUnfinished, isPastPivot } from './decide.ts';
import type {
  Cancellation,
  Committed,
  Engine,
  EngineCounts,
  EngineOptions,
  RunView,
  Submission,
  SubmitOptions,
} from './engine.ts';
import type { Event } from './event.ts';
import {
  isSettled,
  type Journal,
  type ListQuery,
  type RunSummary,
  type StoredSubmission,
} from './journal.ts';
import { pruneEnded } from './pruning.ts';
import type { Saga } from './saga.ts';
import { separateSecrets } from './secret.ts';
import { type RunState, readWay, replay, tryReplay } from './state.ts';
import { toStored } from './stored.ts';
import { createRun, type Run, readState, Worker } from './worker.ts';

/** Recovers every open run, then goes on with it. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(options);
  await engine.start();
  return engine;
}

class EmbeddedEngine implements Engine {
  readonly journal: Journal;
  readonly #options: EngineOptions;
  readonly #clock: Clock;
  readonly #openMax: number;
  readonly #onBug: (error: unknown) => void;
  readonly #worker: Worker;
  readonly #registry: ReadonlyMap<string, Saga<unknown>>;
  /** Open runs, and completed ones under repair. */
  readonly #runs = new Map<string, Run>();
  readonly #accepting = new Map<string, Promise<void>>();
  readonly #listeners = new Set<(committed: Committed) => void>();
  readonly #waiters = new Map<string, Set<Finish>>();
  readonly #quarantined = new Set<string>();
  #stopRepeating = (): void => {};
  #hasStopped = false;

  constructor(options: EngineOptions) {
    this.journal = options.journal;
    this.#options = options;
    this.#clock = options.clock ?? createClock();
    this.#openMax = options.openMax ?? 10_000;
    this.#onBug = options.onBug ?? throwAgain;
    this.#registry = toRegistry(options.sagas);
    this.#worker = new Worker({
      journal: options.journal,
      clock: this.#clock,
      random: options.random ?? Math.random,
      concurrencyMax: options.concurrencyMax ?? 64,
      onCommitted: (run, events, position) => this.#tell(run, events, position),
      onIdle: (run) => this.#runs.delete(run.id),
      onBug: this.#onBug,
    });
  }

  async start(): Promise<void> {
    const loaded = this.journal.listOpen().map((id) => this.#load(id));
    const found = loaded.filter((run) => run !== undefined);
    await Promise.all(found.map((run) => this.#markUnfinished(run)));
    for (const run of found) this.#worker.wake(run);
    this.#stopRepeating = repeat(this.#clock, 1_000, () => {
      this.#guard(() => this.#fetchRepairs());
      this.#guard(() => this.#prune());
    });
  }

  async submit<I>(saga: Saga<I>, input: I, options: SubmitOptions = {}): Promise<Submission> {
    const {
      id = `run_${randomBytes(16).toString('hex')}`,
      fingerprint = '',
      context = {},
    } = options;
    const { name, version, structure } = saga;
    if (this.#registry.get(toKey(saga))?.structure !== structure)
      throw new Error(`${toKey(saga)} is not registered: no restart could go on with it`);
    const checked = await saga.input['~standard'].validate(input);
    if (checked.issues) return { type: 'invalid', issues: checked.issues };
    // Nothing is awaited between this check and the claim of the id below.
    while (this.#accepting.has(id)) await this.#accepting.get(id);
    this.#refuseStopped();
    const known = this.journal.readSubmission(id);
    if (known) return toKnown(id, known, fingerprint);
    if (this.#runs.size >= this.#openMax) return { type: 'full', openMax: this.#openMax };
    const parts = separateSecrets(toStored(checked.value), saga.secrets);
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
    if (!run || !state || isSettled(state))
      return this.journal.readSubmission(id) ? 'settled' : 'unknown-run';
    if (isPastPivot(run.saga, state)) return 'past-the-pivot';
    if (state.phase === 'forward' && !state.cancelRequested)
      await this.#worker.commit(run, [{ type: 'cancel-requested', reason }]);
    this.#worker.wake(run);
    return 'cancel-requested';
  }

  read(id: string): RunView | undefined {
    const stored = this.journal.read(id);
    if (!stored) return undefined;
    const state = replay(stored.events);
    const saga = this.#findSaga(state);
    const next = saga && decide(saga, state, this.#clock.now());
    return {
      id,
      saga,
      state,
      events: stored.events,
      attempt: this.#runs.get(id)?.attempt ?? null,
      next,
    };
  }

  list(query: ListQuery): RunSummary[] {
    return this.journal.list(query);
  }

  async settled(id: string, signal?: AbortSignal): Promise<RunState | undefined> {
    const run = this.#runs.get(id);
    if (run?.state && isSettled(run.state)) return run.state;
    if (run) return signal?.aborted ? undefined : this.#untilSettled(id, signal);
    const stored = this.journal.read(id);
    const state = stored && replay(stored.events);
    return state && isSettled(state) ? state : undefined;
  }

  subscribe(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  counts(): EngineCounts {
    const sizes = {
      open: this.#runs.size,
      openMax: this.#openMax,
      quarantined: this.#quarantined.size,
    };
    return { ...this.#worker.counts(), ...sizes };
  }

  async stop(): Promise<void> {
    this.#stopRepeating();
    await this.#worker.stop(this.#runs.values());
    this.#hasStopped = true;
    this.journal.close();
    for (const waiting of this.#waiters.values()) for (const finish of waiting) finish(undefined);
  }

  #refuseStopped(): void {
    if (this.#hasStopped) throw new Error('the engine has stopped');
  }

  #findSaga(state: RunState): Saga<unknown> | null {
    const saga = this.#registry.get(toKey({ name: state.saga, version: state.version }));
    return saga?.structure === state.structure ? saga : null;
  }

  /** Undefined, and set aside, when its definition is not registered or its events make no sense: the others go on. */
  #load(id: string): Run | undefined {
    const stored = this.journal.read(id);
    const state = stored && tryReplay(stored.events);
    const saga = state && this.#findSaga(state);
    if (!saga) {
      this.#quarantined.add(id);
      return undefined;
    }
    const run = createRun(id, saga, stored.secrets, state);
    this.#runs.set(id, run);
    return run;
  }

  /** The end of this attempt was not seen, so its effect may exist: said before anything else happens to the run. */
  async #markUnfinished(run: Run): Promise<void> {
    const state = readState(run);
    const way = findUnfinished(run.saga, state)?.name;
    if (way === undefined) return;
    const { attempts, retryAt } = readWay(state, way);
    const at = this.#clock.now();
    const tried = { way, attempt: attempts + 1, startedAt: at, retryAt: Math.max(at, retryAt) };
    await this.#worker.commit(run, [
      { type: 'step-unknown', ...tried, code: 'interrupted', interrupted: true },
    ]);
  }

  async #claim(run: Run, accepted: Promise<void>): Promise<void> {
    this.#runs.set(run.id, run);
    this.#accepting.set(run.id, accepted);
    await accepted;
    this.#accepting.delete(run.id);
  }

  #tell(run: Run, events: readonly Event[], position: number): void {
    for (const [index, event] of events.entries()) {
      const committed = { run: run.id, position: position + index, event };
      for (const listener of this.#listeners) this.#guard(() => listener(committed));
    }
    const state = readState(run);
    if (isSettled(state)) for (const finish of this.#waiters.get(run.id) ?? []) finish(state);
  }

  /** What others wrote may fail without harm to the runs. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onBug(error);
    }
  }

  #untilSettled(id: string, signal: AbortSignal | undefined): Promise<RunState | undefined> {
    return new Promise((resolve) => {
      const waiting = this.#waiters.get(id) ?? new Set();
      const abort = (): void => finish(undefined);
      const finish: Finish = (state) => {
        signal?.removeEventListener('abort', abort);
        waiting.delete(finish);
        if (waiting.size === 0) this.#waiters.delete(id);
        resolve(state);
      };
      this.#waiters.set(id, waiting.add(finish));
      signal?.addEventListener('abort', abort);
    });
  }

  #fetchRepairs(): void {
    // Those set aside stay due: without room for them, a hundred would hide all others.
    const limit = repairsMax + this.#quarantined.size;
    for (const id of this.journal.listRepairs(this.#clock.now(), limit)) {
      const run = this.#runs.has(id) || this.#quarantined.has(id) ? undefined : this.#load(id);
      if (run) this.#worker.wake(run);
    }
  }

  #prune(): void {
    const { keepMs, carry = keepNothing } = this.#options;
    if (keepMs !== undefined) pruneEnded(this.journal, this.#clock.now() - keepMs, carry);
  }
}

type Finish = (state: RunState | undefined) => void;

/** Under repair at the same time. */
const repairsMax = 100;

function toRegistry(sagas: readonly Saga<unknown>[]): ReadonlyMap<string, Saga<unknown>> {
  const registry = new Map(sagas.map((saga) => [toKey(saga), saga]));
  const twice = sagas.find((saga) => registry.get(toKey(saga)) !== saga);
  if (twice) throw new RangeError(`${toKey(twice)} is registered twice`);
  return registry;
}

const toKey = ({ name, version }: Pick<Saga<unknown>, 'name' | 'version'>): string =>
  `${name}@${version}`;

const keepNothing = (carried: unknown): unknown => carried ?? null;
/** Outside of whatever met it, so that an uncaught bug ends the process and breaks nothing before. */
const throwAgain = (error: unknown): void =>
  queueMicrotask(() => {
    throw error;
  });

const toKnown = (id: string, known: StoredSubmission, fingerprint: string): Submission =>
  known.fingerprint === fingerprint
    ? { type: 'known', id, prunedAs: known.prunedAs }
    : { type: 'conflict', id };
