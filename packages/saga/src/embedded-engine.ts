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
import type { Event, Happening } from './event.ts';
import {
  isSettled,
  type Journal,
  type ListQuery,
  type RunSummary,
  type StoredSubmission,
} from './journal.ts';
import { startPruning } from './pruning.ts';
import type { Saga } from './saga.ts';
import { separateSecrets } from './secret.ts';
import { type RunState, readWay, replay } from './state.ts';
import { type Run, readState, Worker } from './worker.ts';

export class EmbeddedEngine implements Engine {
  readonly journal: Journal;
  readonly #options: EngineOptions;
  readonly #clock: Clock;
  readonly #openMax: number;
  readonly #worker: Worker;
  readonly #registry: ReadonlyMap<string, Saga<unknown>>;
  /** Open runs, and completed ones under repair. */
  readonly #runs = new Map<string, Run>();
  readonly #accepting = new Map<string, Promise<void>>();
  readonly #listeners = new Set<(committed: Committed) => void>();
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #quarantined = new Set<string>();
  #stopRepeating: (() => void)[] = [];

  constructor(options: EngineOptions) {
    this.journal = options.journal;
    this.#options = options;
    this.#clock = options.clock ?? createClock();
    this.#openMax = options.openMax ?? 10_000;
    this.#registry = new Map(options.sagas.map((saga) => [toKey(saga), saga]));
    this.#worker = new Worker({
      journal: options.journal,
      clock: this.#clock,
      random: options.random ?? Math.random,
      concurrencyMax: options.concurrencyMax ?? 64,
      onCommitted: (run, events, position) => this.#tell(run, events, position),
      onIdle: (run) => this.#runs.delete(run.id),
      onBug: options.onBug ?? throwAgain,
    });
  }

  async start(): Promise<void> {
    const loaded = this.journal.listOpen().map((id) => this.#load(id));
    const found = loaded.filter((run) => run !== undefined);
    await Promise.all(found.map((run) => this.#markUnfinished(run)));
    for (const run of found) this.#worker.wake(run);
    const { keepMs, carry = keepNothing } = this.#options;
    this.#stopRepeating = [
      startPruning({ journal: this.journal, clock: this.#clock, keepMs, carry }),
      repeat(this.#clock, 1_000, () => this.#fetchRepairs()),
    ];
  }

  async submit<I>(saga: Saga<I>, input: I, options: SubmitOptions = {}): Promise<Submission> {
    const {
      id = `run_${randomBytes(16).toString('hex')}`,
      fingerprint = '',
      context = {},
    } = options;
    const checked = await saga.input['~standard'].validate(input);
    if (checked.issues) return { type: 'invalid', issues: checked.issues };
    // Nothing is awaited between this check and the claim of the id below.
    while (this.#accepting.has(id)) await this.#accepting.get(id);
    const known = this.journal.readSubmission(id);
    if (known) return toKnown(id, known, fingerprint);
    if (this.#runs.size >= this.#openMax) return { type: 'full', openMax: this.#openMax };
    const parts = separateSecrets(checked.value, saga.secrets);
    const run = toRun(id, saga, parts.secrets, null);
    const { name, version, structure } = saga;
    const accepted: Happening = {
      type: 'accepted',
      saga: name,
      version,
      structure,
      input: parts.input,
      context,
    };
    await this.#claim(run, this.#worker.commit(run, [accepted], fingerprint));
    this.#worker.wake(run);
    return { type: 'accepted', id };
  }

  async cancel(id: string, reason: string): Promise<Cancellation> {
    const run = this.#runs.get(id);
    const state = run?.state;
    if (!run || !state || isSettled(state))
      return this.journal.read(id) ? 'settled' : 'unknown-run';
    if (isPastPivot(run.saga, state)) return 'past-the-pivot';
    if (state.phase === 'forward' && !run.ahead?.cancelRequested) {
      await this.#worker.commit(run, [{ type: 'cancel-requested', reason }]);
    }
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
    const isOpen = this.#runs.has(id) && !this.#readSettled(id);
    if (isOpen && !signal?.aborted) await this.#untilSettled(id, signal);
    return this.#readSettled(id);
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
    for (const stop of this.#stopRepeating) stop();
    await this.#worker.stop();
    this.journal.close();
  }

  #findSaga(state: RunState): Saga<unknown> | null {
    const saga = this.#registry.get(toKey({ name: state.saga, version: state.version }));
    return saga?.structure === state.structure ? saga : null;
  }

  #load(id: string): Run | undefined {
    const stored = this.journal.read(id);
    if (!stored) return undefined;
    const state = replay(stored.events);
    const saga = this.#findSaga(state);
    if (!saga) {
      this.#quarantined.add(id);
      return undefined;
    }
    const run = toRun(id, saga, stored.secrets, state);
    this.#runs.set(id, run);
    return run;
  }

  /** The end of this attempt was not seen, so its effect may exist: said before anything else happens to the run. */
  async #markUnfinished(run: Run): Promise<void> {
    const state = readState(run);
    const way = findUnfinished(run.saga, state)?.name;
    if (way === undefined) return;
    const at = this.#clock.now();
    const tried = { way, attempt: readWay(state, way).attempts + 1, startedAt: at, retryAt: at };
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
      for (const listener of this.#listeners)
        listener({ run: run.id, position: position + index, event });
    }
    if (isSettled(readState(run))) for (const finish of this.#waiters.get(run.id) ?? []) finish();
  }

  #readSettled(id: string): RunState | undefined {
    const state = this.read(id)?.state;
    return state && isSettled(state) ? state : undefined;
  }

  #untilSettled(id: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiters.get(id) ?? new Set();
      const finish = (): void => {
        signal?.removeEventListener('abort', finish);
        waiting.delete(finish);
        if (waiting.size === 0) this.#waiters.delete(id);
        resolve();
      };
      this.#waiters.set(id, waiting.add(finish));
      signal?.addEventListener('abort', finish);
    });
  }

  #fetchRepairs(): void {
    for (const id of this.journal.listRepairs(this.#clock.now(), 100)) {
      const run = this.#runs.has(id) || this.#quarantined.has(id) ? undefined : this.#load(id);
      if (run) this.#worker.wake(run);
    }
  }
}

const toKey = ({ name, version }: Pick<Saga<unknown>, 'name' | 'version'>): string =>
  `${name}@${version}`;

const keepNothing = (carried: unknown): unknown => carried ?? null;
const throwAgain = (error: unknown): never => {
  throw error;
};

function toRun(
  id: string,
  saga: Saga<unknown>,
  secrets: Run['secrets'],
  state: RunState | null,
): Run {
  return {
    id,
    saga,
    secrets,
    state,
    ahead: state,
    attempt: null,
    isStirred: false,
    cancelTimer: null,
  };
}

const toKnown = (id: string, known: StoredSubmission, fingerprint: string): Submission =>
  known.fingerprint === fingerprint
    ? { type: 'known', id, prunedAs: known.prunedAs }
    : { type: 'conflict', id };
