/**
 * Moves runs. A run is in memory while it moves or stands in a queue; all others are rows of the store. Not a store
 * (journal), not a judge (decide).
 *
 * 1. One driver at a time moves a run: what is in `#inHand` is fetched by nobody, and is let go when it rests.
 * 2. A run's state holds committed events only. A result is durable before anything else is sent.
 * 3. Undos go before work in flight, before new work, before repairs; but undos leave one slot to the others.
 * 4. What is kept in memory is bounded: beyond it, runs that could go on stay rows, and are fetched in that order.
 * 5. A run moves, and is told of, in the root async context, never in that of the request that it happens to serve.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Happening } from '../core/event.ts';
import { endlessMs, priorities, toPriority, toRest } from '../core/rest.ts';
import { isSettled } from '../core/status.ts';
import type { Journal } from '../journal/journal.ts';
import { createHost, type EmbeddedHost, type HostOptions } from './host.ts';
import { never } from './lane.ts';
import { Lanes, type LanesOptions } from './lanes.ts';
import { advance, type Held } from './perform.ts';
import { Queue, toOrder } from './queue.ts';
import { type Run, readState } from './run.ts';

export interface SchedulerOptions
  extends HostOptions,
    Omit<LanesOptions, 'fetch' | 'wake' | 'onChange'> {
  readonly journal: Journal;
  readonly concurrencyMax: number;
  /** A run as the store has it; undefined when nobody can go on with it. `cutOff`: the events of a restart. */
  readonly read: (id: string) => { readonly run: Run; readonly cutOff: Happening[] } | undefined;
  /** A bug, in the engine or in a host: the run stays as the journal has it, and is tried again in a minute. */
  readonly onBug: (error: unknown) => void;
}
const bugPauseMs = 60_000;
/** Runs that could go on, of each priority and those before it. */
const readyMax = 1_000;
const inRoot = AsyncLocalStorage.snapshot();

export class Scheduler {
  readonly lanes: Lanes;
  readonly host: EmbeddedHost;
  readonly #options: SchedulerOptions;
  readonly #inHand = new Map<string, Run>();
  readonly #ready = new Queue<Run>();
  readonly #moving = new Map<Run, Promise<void>>();
  /** No row is due before. */
  #dueAt = 0;
  #timer = { at: never, callOff: (): void => {} };
  /** Runs taken since the start. */
  #given = 1;
  #mustFill = false;
  #isStopping = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.lanes = new Lanes({
      ...options,
      fetch: (places, list) => this.#fetch(places, list),
      wake: (run) => this.#wake(run),
      onChange: () => this.#fillSoon(),
    });
    this.host = createHost(options, this.lanes);
  }

  /** Resolves when all due runs, or as many as memory may hold, were recovered. They move only after that. */
  start(): Promise<void> {
    return inRoot(async () => {
      this.lanes.start();
      this.#fetchDue(this.host.clock.now());
      for (const run of this.#inHand.values()) await run.written;
      this.#fill();
    });
  }

  /** `queued`: runs that could go on if a slot were free. */
  counts(): { readonly moving: number; readonly queued: number } {
    const now = this.host.clock.now();
    const rows = this.#dueAt <= now ? this.#options.journal.countDue(now) - this.#inHand.size : 0;
    const queued = this.#ready.size() + this.lanes.countCalled() + Math.max(0, rows);
    return { moving: this.#moving.size, queued };
  }

  find(id: string): Run | undefined {
    return this.#inHand.get(id);
  }

  /** Keeps a run in memory for a caller, then lets it go on. The run is undefined where nobody can go on with it. */
  attend<T>(known: Run | string, ask: (run: Run | undefined) => Promise<T>): Promise<T> {
    return inRoot(async () => {
      const run = typeof known === 'string' ? (this.find(known) ?? this.#load(known)) : known;
      if (!run) return ask(run);
      this.#inHand.set(run.id, run);
      run.pins += 1;
      try {
        // The end, or an earlier wish, may be on its way to the disk: neither is answered before it is durable.
        while (run.ahead !== run.state) await run.written;
        return await ask(run);
      } finally {
        this.#release(run);
      }
    });
  }

  /** A new run beyond what memory may hold stays a row. */
  #release(run: Run): void {
    run.pins -= 1;
    const isNew = run.state?.seq === 1 && !this.#moving.has(run);
    const isFull = this.#dueAt <= this.host.clock.now() || this.#ready.size() >= readyMax;
    if (isNew && isFull) this.#letGo(run);
    else this.#wake(run);
    this.#fillSoon();
  }

  /** Starts nothing more, and resolves when each moving run has committed what it was doing. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#moving.values());
    this.#timer.callOff();
    for (const run of this.#inHand.values()) run.callOff();
  }

  #load(id: string): Run | undefined {
    const { run, cutOff = [] } = this.#options.read(id) ?? {};
    if (!run) return undefined;
    this.#inHand.set(id, run);
    if (cutOff.length > 0) void this.host.commit(run, cutOff);
    return run;
  }

  /** A run that nobody can go on with is set aside as it is read, and the next is fetched instead. */
  #fetch(places: number, list: (limit: number) => string[]): Run[] {
    const runs: Run[] = [];
    for (let before: string | undefined; runs.length < places; ) {
      const wanted = places - runs.length;
      const ids = list(wanted + this.#inHand.size).filter((id) => !this.#inHand.has(id));
      const loaded = ids.slice(0, wanted).flatMap((id) => this.#load(id) ?? []);
      runs.push(...loaded);
      // A journal that can store nothing sets nothing aside, and lists the same again.
      if (loaded.length === Math.min(ids.length, wanted) || ids[0] === before) break;
      before = ids[0];
    }
    return runs;
  }

  #fetchDue(now: number): void {
    const { journal } = this.#options;
    let isMore = false;
    for (const priority of priorities) {
      const places = readyMax - this.#ready.size(priority);
      const runs = this.#fetch(places, (limit) => journal.listDue(priority, now, limit));
      for (const run of runs) this.#ready.add(run, toPriority(readState(run)));
      isMore ||= runs.length >= places;
    }
    this.#dueAt = isMore ? now : journal.nextDueAt(now);
  }

  #wake(run: Run): void {
    run.isStirred = true;
    if (this.#moving.has(run) || this.#isStopping) return;
    run.callOff();
    this.lanes.forget(run);
    this.#ready.add(run, toPriority(readState(run)));
  }

  #letGo(run: Run): void {
    // `attend` wakes it afterwards.
    if (run.pins > 0) return;
    // The run may stand in a queue: fetched from its row besides, it would have two drivers.
    this.#ready.remove(run);
    this.lanes.forget(run);
    this.#inHand.delete(run.id);
    if (!run.rest || run.rest.dueAt === null) return;
    this.#dueAt = Math.min(this.#dueAt, run.rest.dueAt);
    this.lanes.note(run.rest.waits);
  }

  /** Once for all changes of one tick. */
  #fillSoon(): void {
    if (this.#mustFill) return;
    this.#mustFill = true;
    queueMicrotask(() => this.#fill());
  }

  #fill(): void {
    this.#mustFill = false;
    if (this.#isStopping) return;
    const now = this.host.clock.now();
    const isMoreDue = () => this.#dueAt <= now && this.#ready.size() < readyMax / 2;
    this.lanes.serve(now);
    while (this.#moving.size < this.#options.concurrencyMax) {
      const run = this.#takeNext();
      if (run) void this.#drive(run);
      else if (isMoreDue()) this.#fetchDue(now);
      else break;
    }
    if (isMoreDue()) this.#fetchDue(now);
    this.#arm(now);
  }

  #takeNext(): Run | undefined {
    for (const priority of toOrder(this.#given)) {
      if (priority === 'undo' && this.#hasUndosOnly()) continue;
      const run = this.lanes.take(priority) ?? this.#ready.take(priority);
      if (run) return run;
    }
    return undefined;
  }

  /** Undos have all the slots that they may have. */
  #hasUndosOnly(): boolean {
    let undos = 0;
    for (const { state } of this.#moving.keys()) if (state?.phase === 'compensating') undos += 1;
    return undos >= Math.max(1, this.#options.concurrencyMax - 1);
  }

  async #drive(run: Run): Promise<void> {
    this.#given += 1;
    run.callOff();
    this.lanes.forget(run);
    const { promise, resolve } = Promise.withResolvers<void>();
    // The run takes its slot before it begins: what it calls may wake it, or stop all, and must find it moving.
    this.#moving.set(run, promise);
    let stays = true;
    try {
      stays = await this.#move(run);
    } catch (error) {
      // Without a pause the run would be due at once, again and again.
      this.#wakeIn(run, bugPauseMs);
      this.#options.onBug(error);
    }
    this.#moving.delete(run);
    this.lanes.giveBack(run);
    run.turn?.(null);
    run.turn = null;
    if (run.isStirred) this.#wake(run);
    else if (!stays) this.#letGo(run);
    this.#fillSoon();
    resolve();
  }

  /** True when it stays in memory: it stands in line. */
  async #move(run: Run): Promise<boolean> {
    // The events of a restart come before all else.
    if (run.ahead !== run.state) await run.written;
    const wasSettled = isSettled(readState(run));
    run.isStirred = false;
    if (!this.lanes.takeTurn(run)) return true;
    while (!this.#isStopping) {
      // A repair after the completion is fetched in its turn.
      if (isSettled(readState(run)) && !wasSettled) return false;
      run.isStirred = false;
      const outcome = await advance(run, this.host);
      if (outcome !== 'advanced' && !run.isStirred) return this.#rest(run, outcome);
    }
    return false;
  }

  async #rest(run: Run, outcome: 'waits' | Held): Promise<boolean> {
    const isFull = outcome !== 'waits' && Object.values(outcome.barriers).includes('full');
    const overflow = isFull && this.lanes.standInLine(run, outcome);
    if (isFull && !overflow) {
      // In the queue for no longer than `until`.
      if (outcome.until < endlessMs) this.#wakeIn(run, outcome.until - this.host.clock.now());
      return true;
    }
    const now = this.host.clock.now();
    const rest = overflow || toRest(run.saga, readState(run), now, this.lanes);
    // A row that was fetched in vain says what the run waits for now, or it would be fetched again at once.
    if (overflow || rest.dueAt !== run.rest?.dueAt) await this.host.commit(run, [], { rest });
    return false;
  }

  #wakeIn(run: Run, delayMs: number): void {
    run.callOff = this.host.clock.setTimer(delayMs, () => {
      this.#wake(run);
      this.#fillSoon();
    });
  }

  /** One timer: for the next row that is due, or the next change of a lane. */
  #arm(now: number): void {
    const rowAt = this.#dueAt > now ? this.#dueAt : endlessMs;
    const at = Math.min(rowAt, this.lanes.nextAt(now));
    if (at === this.#timer.at) return;
    this.#timer.callOff();
    this.#timer = { at, callOff: () => {} };
    if (at >= endlessMs) return;
    this.#timer.callOff = this.host.clock.setTimer(Math.max(0, at - now), () => {
      this.#timer.at = never;
      this.#fill();
    });
  }
}
