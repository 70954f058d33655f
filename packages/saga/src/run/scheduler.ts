// Moves runs. A run is in memory while it moves or stands in a queue; all others are rows of the store. Not a store
// (journal), not a judge (decide).
//
// 1. One driver at a time moves a run: what is in `#inHand` is fetched by nobody, and is let go when it rests.
// 2. A run's state holds committed events only. A result is durable before anything else is sent.
// 3. Undos go before work in flight, before new work, before repairs; but undos leave one place to the others.
// 4. What is kept in memory is bounded: beyond it, runs that could go on stay rows, and are fetched in that order.
// 5. A run moves in the root async context, never in that of the request that happened to free its place.
import { endlessMs, priorities, type Rest, toPriority, toRest } from '../core/rest.ts';
import { isSettled } from '../core/status.ts';
import type { Journal } from '../journal/journal.ts';
import { createHost, type HostOptions } from './host.ts';
import { Lanes, type LanesOptions } from './lanes.ts';
import { type Advance, advance } from './perform.ts';
import { createQueue, toOrder } from './queue.ts';
import { toRecovery } from './recovery.ts';
import { type Run, readState } from './run.ts';
import { inRoot, RunWriter, type WriterOptions } from './run-writer.ts';

export interface SchedulerOptions
  extends LanesOptions,
    WriterOptions,
    Pick<HostOptions, 'onError'> {
  readonly journal: Journal;
  readonly concurrencyMax: number;
  /** A run as the store has it; undefined when nobody can go on with it. `isUnseen`: what it was doing was cut off. */
  readonly read: (id: string) => { readonly run: Run; readonly isUnseen: boolean } | undefined;
  /** A bug, in the engine or in a host: the run stays as the journal has it, and is tried again in a minute. */
  readonly onBug: (error: unknown) => void;
}
const bugPauseMs = 60_000;
/** Runs that could go on, of each priority and those before it. */
const readyMax = 1_000;

export class Scheduler {
  readonly lanes: Lanes;
  readonly #options: SchedulerOptions;
  readonly #writer: RunWriter;
  readonly #surroundings: HostOptions;
  readonly #inHand = new Map<string, Run>();
  readonly #ready = createQueue<Run>();
  readonly #moving = new Map<Run, Promise<void>>();
  readonly #undoing = new Set<Run>();
  /** No row is due before. */
  #dueAt = 0;
  #timer = { at: Number.POSITIVE_INFINITY, callOff: (): void => {} };
  /** Places, since the start. */
  #given = 1;
  #isStopping = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.lanes = new Lanes(options, {
      fetch: (places, list) => this.#fetch(places, list),
      wake: (run) => this.#wake(run),
      fill: () => this.#fill(),
    });
    this.#writer = new RunWriter(options, this.lanes.healedAt);
    this.#surroundings = {
      ...options,
      lanes: this.lanes,
      commit: this.commit,
      onProbe: () => this.#arm(),
    };
  }

  /** Resolves when all that is due, or as much of it as memory may hold, was recovered. It moves only after that. */
  async start(): Promise<void> {
    this.#fetchDue();
    for (const run of this.#inHand.values()) await run.recovered;
    for (const run of this.#inHand.values()) run.recovered = null;
    this.lanes.start();
    this.#fill();
  }

  /** `queued`: could go on if there were a place. */
  counts(): { readonly moving: number; readonly queued: number } {
    const { journal, clock } = this.#options;
    const rows = this.#dueAt <= clock.now() ? journal.countDue(clock.now()) - this.#inHand.size : 0;
    const queued = this.#ready.size() + this.lanes.countCalled() + Math.max(0, rows);
    return { moving: this.#moving.size, queued };
  }

  find(id: string): Run | undefined {
    return this.#inHand.get(id);
  }

  /** Keeps a run in memory until `release`; undefined when nobody can go on with it. */
  hold(id: string): Run | undefined {
    const run = this.#inHand.get(id) ?? this.#load(id);
    if (run) run.pins += 1;
    return run;
  }

  /** The same of a new run. */
  claim(run: Run): void {
    run.pins += 1;
    this.#inHand.set(run.id, run);
  }

  /** Lets a run go on, whatever it was waiting for; a new one beyond what memory may hold stays a row. */
  release(run: Run): void {
    run.pins -= 1;
    const isFull = this.#dueAt <= this.#options.clock.now() || this.#ready.size() >= readyMax;
    if (isFull && run.state?.seq === 1 && !this.#moving.has(run)) {
      // It may stand in the queue: fetched from its row besides, it would have two drivers.
      this.#ready.remove(run);
      this.lanes.forget(run);
      this.#letGo(run);
    } else this.#wake(run);
    this.#fill();
  }

  readonly commit: RunWriter['commit'] = (...args) => this.#writer.commit(...args);

  /** Starts nothing more, and resolves when each moving run has committed what it was doing. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#moving.values());
    this.#timer.callOff();
    this.lanes.stop();
    for (const run of this.#inHand.values()) run.callOff();
  }

  #load(id: string): Run | undefined {
    const found = this.#options.read(id);
    if (!found) return undefined;
    const { run, isUnseen } = found;
    this.#inHand.set(id, run);
    const { clock } = this.#options;
    const cutOff = isUnseen ? toRecovery(run.saga, readState(run), clock.now()) : [];
    if (cutOff.length > 0) run.recovered = this.commit(run, cutOff);
    return run;
  }

  #fetch(places: number, list: (limit: number) => string[]): Run[] {
    if (places <= 0) return [];
    const ids = list(places + this.#inHand.size).filter((id) => !this.#inHand.has(id));
    return ids.slice(0, places).flatMap((id) => this.#load(id) ?? []);
  }

  /** From the store: what is due, in its order. */
  #fetchDue(): void {
    const { journal, clock } = this.#options;
    const now = clock.now();
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
    // Whoever holds it, or still writes something of it, wakes it after that.
    if (run.pins > 0 || run.ahead !== run.state) return;
    this.#inHand.delete(run.id);
    if (run.rest === null || run.rest.dueAt === null) return;
    this.#dueAt = Math.min(this.#dueAt, run.rest.dueAt);
    this.lanes.note(run.rest.waits);
  }

  /** Starts what there are places for, and sees to what comes next. */
  #fill(): void {
    while (!this.#isStopping && this.#moving.size < this.#options.concurrencyMax) {
      const run = this.#takeNext();
      if (run) this.#begin(run);
      else if (this.#isMoreDue()) this.#fetchDue();
      else break;
    }
    if (this.#isMoreDue() && !this.#isStopping) this.#fetchDue();
    this.#arm();
  }

  #isMoreDue(): boolean {
    return this.#dueAt <= this.#options.clock.now() && this.#ready.size() < readyMax / 2;
  }

  #takeNext(): Run | undefined {
    const hasUndosOnly = this.#undoing.size >= Math.max(1, this.#options.concurrencyMax - 1);
    for (const priority of toOrder(this.#given)) {
      if (priority === 'undo' && hasUndosOnly) continue;
      const run = this.lanes.take(priority) ?? this.#ready.take(null, priority);
      if (!run) continue;
      this.#given += 1;
      return run;
    }
    return undefined;
  }

  #begin(run: Run): void {
    run.callOff();
    this.lanes.forget(run);
    if (readState(run).phase === 'compensating') this.#undoing.add(run);
    // Its place is taken before it begins: what it calls may wake it, and must find it moving.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#moving.set(run, promise);
    void inRoot(() => this.#move(run))
      .catch((error) => this.#fail(run, error))
      .then((mustStay) => this.#end(run, mustStay))
      .then(resolve);
  }

  /** True when it stays in memory: it stands in line. */
  async #move(run: Run): Promise<boolean> {
    if (run.recovered) await run.recovered;
    const wasSettled = isSettled(readState(run));
    const host = createHost(run, this.#surroundings);
    run.isStirred = false;
    if (!this.lanes.takeTurn(run)) return true;
    while (!this.#isStopping) {
      const state = readState(run);
      // What is owed after the completion is fetched in its turn.
      if (isSettled(state) && !wasSettled) return false;
      if (state.phase === 'compensating') this.#undoing.add(run);
      run.isStirred = false;
      const outcome = await advance(run.saga, host);
      if (outcome.type === 'advanced' || run.isStirred) continue;
      return this.#rest(run, outcome);
    }
    return false;
  }

  async #rest(run: Run, outcome: Advance): Promise<boolean> {
    const { clock } = this.#options;
    const isHeldUp = 'barriers' in outcome && Object.values(outcome.barriers).includes('full');
    const overflow = isHeldUp ? this.lanes.standInLine(run, outcome) : undefined;
    if (overflow !== null || !isHeldUp) return this.#settleDown(run, overflow ?? undefined);
    // In line for no longer than its patience.
    if (outcome.until < endlessMs)
      run.callOff = clock.setTimer(outcome.until - clock.now(), () => this.#rouse(run));
    return true;
  }

  /** A row that was fetched in vain says what the run waits for now, or it would be fetched again at once. */
  async #settleDown(run: Run, overflow?: Rest): Promise<false> {
    const now = this.#options.clock.now();
    const rest = overflow ?? toRest(run.saga, readState(run), now, this.lanes.healedAt);
    const { dueAt = null, waits = [] } = run.rest ?? {};
    // As it was read: nothing was written of the run since.
    const isOld = run.hasWaits && waits.length === 0;
    const isInVain = dueAt !== null && (isOld || dueAt <= now) && (rest.dueAt ?? endlessMs) > now;
    if (overflow || isInVain) await this.commit(run, [], { rest });
    return false;
  }

  /** Also a run that met a bug has a timer: it would be due at once, again and again. */
  #fail(run: Run, error: unknown): true {
    run.callOff = this.#options.clock.setTimer(bugPauseMs, () => this.#rouse(run));
    this.#options.onBug(error);
    return true;
  }

  #rouse(run: Run): void {
    this.#wake(run);
    this.#fill();
  }

  #end(run: Run, mustStay: boolean): void {
    this.#moving.delete(run);
    this.#undoing.delete(run);
    for (const name of [...run.permits.keys()]) this.lanes.giveBack(run, name);
    if (run.isStirred) this.#wake(run);
    else if (!mustStay) this.#letGo(run);
    this.#fill();
  }

  /** One timer: for the next row that is due, or the next change of a breaker. */
  #arm(): void {
    const { clock } = this.#options;
    const now = clock.now();
    const rowAt = this.#dueAt > now ? this.#dueAt : endlessMs;
    const at = Math.min(rowAt, this.lanes.nextAt());
    if (at === this.#timer.at || this.#isStopping) return;
    this.#timer.callOff();
    const callOff =
      at < endlessMs ? clock.setTimer(Math.max(0, at - now), () => this.#ring()) : () => {};
    this.#timer = { at, callOff };
  }

  #ring(): void {
    this.#timer.at = Number.POSITIVE_INFINITY;
    this.lanes.ring();
    this.#fill();
  }
}
