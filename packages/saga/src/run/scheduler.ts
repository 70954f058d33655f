// Moves runs. A run is in memory while it moves or stands in a queue; all others are rows of the store. Not a store
// (journal), not a judge (decide).
//
// 1. One driver at a time moves a run: what is in `#inHand` is fetched by nobody, and is let go when it rests.
// 2. A run's state holds committed events only. A result is durable before anything else is sent.
// 3. Undos go before work in flight, before new work, before repairs; but undos leave one place to the others.
// 4. What is kept in memory is bounded: beyond it, runs that could go on stay rows, and rows are fetched in that order.
// 5. When a breaker closes, and after a restart, the runs that wait for it go on at a bounded rate.
// 6. A run moves in the root async context, never in that of the request that happened to free its place.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Aim, decide } from '../core/decide.ts';
import type { Event, Happening } from '../core/event.ts';
import {
  endlessMs,
  type Priority,
  priorities,
  type Rest,
  toPriority,
  toRest,
  type Wait,
} from '../core/rest.ts';
import type { Saga } from '../core/saga.ts';
import { extend, type RunState, readTried } from '../core/state.ts';
import { isSettled, toStatus } from '../core/status.ts';
import type { Journal } from '../journal/journal.ts';
import type { BreakerOptions } from './breaker.ts';
import type { Clock } from './clock.ts';
import { Lane, type Leave } from './lane.ts';
import {
  type Admission,
  type Advance,
  advance,
  type Barrier,
  type Host,
  type Look,
} from './perform.ts';
import { createQueue } from './queue.ts';

/** A run in memory. Only this file changes one. */
export interface Run {
  readonly id: string;
  readonly saga: Saga<unknown>;
  /** Committed. */
  state: RunState | null;
  /** With the events that are on their way to the disk: for numbering and the row, never for a decision. */
  ahead: RunState | null;
  rest: Rest | null;
  secrets: Readonly<Record<string, unknown>>;
  attempt:
    | (Pick<Aim, 'direction'> & {
        readonly way: string;
        readonly number: number;
        readonly startedAt: number;
      })
    | null;
  /** What a restart says of it is durable. */
  recovered: Promise<void> | null;
  /** The store may have waits of it. */
  hasWaits: boolean;
  /** Something changed while it was moving: look again before it rests. */
  isStirred: boolean;
  /** Others than its driver are about to write something of it. */
  pins: number;
  /** What it stands in line for. */
  aims: readonly Aim[];
  permit: { readonly participant: string; readonly leave: Leave } | null;
  /** Held by a run that is tried alone. */
  turn: Leave | null;
  callOff: () => void;
}

export interface SchedulerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly concurrencyMax: number;
  readonly callsMax: number;
  readonly drainPerSecond: number;
  readonly breaker: BreakerOptions;
  /** A run as the store has it; undefined when it cannot be gone on with. */
  readonly read: (id: string) => { readonly run: Run; readonly isUnseen: boolean } | undefined;
  /** What is to be said first of a run whose process ended. */
  readonly toRecovery: (run: Run, now: number) => readonly Happening[];
  /** One at a time: it may be what ends the process. */
  readonly isTriedAlone: (state: RunState) => boolean;
  /** It is about to be called: what is to be durable before that. */
  readonly toAnnouncement: (state: RunState, aim: Aim) => Happening | undefined;
  readonly onCommitted: (
    run: Run,
    before: RunState | null,
    events: readonly Event[],
    position: number,
  ) => void;
  readonly onUnreadable: (id: string) => void;
  readonly onError: Host['onError'] extends (error: unknown, call: infer C) => void
    ? (error: unknown, call: C, run: Run) => void
    : never;
  /** A bug, in the engine or in a host: the run stays as the journal has it, and is tried again in a minute. */
  readonly onBug: (error: unknown) => void;
}

const bugPauseMs = 60_000;
const drainEveryMs = 100;
/** Runs that could go on, of each priority and those before it; and runs in line for one participant. */
const keptMax = 1_000;
const inRoot = AsyncLocalStorage.snapshot();

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #inHand = new Map<string, Run>();
  readonly #ready = createQueue<Run>();
  readonly #moving = new Map<Run, Promise<void>>();
  readonly #undoing = new Set<Run>();
  readonly #lanes = new Map<string, Lane<Run>>();
  /** For runs that are tried alone: one permit, and no participant. */
  readonly #alone: Lane<Run>;
  /** Participants whose line was too long for memory. */
  readonly #overflowing = new Set<string>();
  readonly #drains = new Map<string, () => void>();
  /** No row is due before. */
  #dueAt = 0;
  #timer = { at: Number.POSITIVE_INFINITY, callOff: (): void => {} };
  #isStopping = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#alone = this.#createLane(() => this.#fill(), 1);
  }

  /** Resolves when all that is due, or as much of it as memory may hold, was recovered. It moves only after that. */
  async start(): Promise<void> {
    this.#fetchDue();
    for (const run of this.#inHand.values()) await run.recovered;
    for (const run of this.#inHand.values()) run.recovered = null;
    for (const { participant, kind } of this.#options.journal.countWaits()) {
      if (kind === 'permit') this.#overflowing.add(participant);
      if (kind === 'permit') this.#serve(participant);
      if (kind === 'parked') this.#drain(participant);
    }
    this.#fill();
  }

  /** `queued`: could go on if there were a place. */
  counts(): { readonly moving: number; readonly queued: number } {
    const { journal, clock } = this.#options;
    const rows = this.#dueAt <= clock.now() ? journal.countDue(clock.now()) - this.#inHand.size : 0;
    const lines = [...this.#lanes.values()].filter((lane) => lane.look('forward') === null);
    const called = lines.reduce((sum, { line }) => sum + line.size(), 0);
    return { moving: this.#moving.size, queued: this.#ready.size() + called + Math.max(0, rows) };
  }

  lanes(): ReadonlyMap<string, Lane<Run>> {
    return this.#lanes;
  }

  readonly moment = (): Omit<Look, 'random'> => ({
    now: this.#options.clock.now(),
    healedAt: (participant) => this.#lanes.get(participant)?.healedAt ?? 0,
  });

  find(id: string): Run | undefined {
    return this.#inHand.get(id);
  }

  /** Keeps a run in memory until `release`; undefined when it cannot be gone on with. */
  hold(id: string): Run | undefined {
    const run = this.#inHand.get(id) ?? this.#load(id);
    if (run) run.pins += 1;
    return run;
  }

  /** Takes a new run into memory, as `hold` does. */
  claim(run: Run): void {
    run.pins += 1;
    this.#inHand.set(run.id, run);
  }

  /** Lets a run go on, whatever it was waiting for; beyond what memory may hold it stays a row. */
  release(run: Run): void {
    run.pins -= 1;
    const mustWait = this.#dueAt <= this.#options.clock.now() || this.#ready.size() >= keptMax;
    if (run.state?.seq === 1 && mustWait && !this.#moving.has(run)) this.#letGo(run);
    else this.#wake(run);
    this.#fill();
  }

  /** Somebody says that it is worth a try: the breakers that hold the run back probe at once. */
  hasten(run: Run): void {
    const { now, healedAt } = this.moment();
    const next = decide(run.saga, readState(run), now, healedAt);
    for (const { way } of next.type === 'perform' ? next.aims : [])
      this.#laneOf(way.participant).hasten();
  }

  /** Resolves when the events are durable. Without any, it resolves when those before it are. */
  async commit(
    run: Run,
    happenings: readonly Happening[],
    { fingerprint, rest }: { readonly fingerprint?: string; readonly rest?: Rest } = {},
  ): Promise<void> {
    const { now, healedAt } = this.moment();
    const { events, after } = extend(run.ahead, happenings, now);
    if (!after) return;
    const nextRest = rest ?? toRest(run.saga, after, { now, healedAt });
    const clearsWaits = run.hasWaits;
    run.ahead = after;
    run.hasWaits = nextRest.waits.length > 0;
    const position = await this.#options.journal.append({
      run: run.id,
      events,
      summary: {
        saga: after.saga,
        version: after.version,
        status: toStatus(after),
        acceptedAt: after.acceptedAt,
        settledAt: after.settledAt,
      },
      rest: { ...nextRest, at: now, clearsWaits },
      ...(fingerprint !== undefined && { submission: { fingerprint, secrets: run.secrets } }),
    });
    const before = run.state;
    run.state = after;
    run.rest = nextRest;
    if (isSettled(after)) run.secrets = {};
    inRoot(this.#options.onCommitted, run, before, events, position);
  }

  /** Starts nothing more, and resolves when each moving run has committed what it was doing. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#moving.values());
    this.#timer.callOff();
    for (const callOff of this.#drains.values()) callOff();
    for (const run of this.#inHand.values()) run.callOff();
  }

  #load(id: string): Run | undefined {
    const found = this.#options.read(id);
    if (!found) {
      this.#options.onUnreadable(id);
      return undefined;
    }
    const { run, isUnseen } = found;
    this.#inHand.set(id, run);
    const happenings = isUnseen ? this.#options.toRecovery(run, this.#options.clock.now()) : [];
    if (happenings.length > 0) run.recovered = this.commit(run, happenings);
    return run;
  }

  /** From the store: what is due, in its order. */
  #fetchDue(): void {
    const { journal, clock } = this.#options;
    const now = clock.now();
    let isMore = false;
    for (const priority of priorities) {
      const room = keptMax - this.#ready.size(priority);
      const ids = this.#pick(room, (limit) => journal.listDue(priority, now, limit));
      isMore ||= ids.length >= room;
      for (const id of ids) this.#fetch(id);
    }
    this.#dueAt = isMore ? now : journal.nextDueAt(now);
  }

  /** Ids that are not in memory yet. */
  #pick(places: number, list: (limit: number) => string[]): string[] {
    if (places <= 0) return [];
    const ids = list(places + this.#inHand.size).filter((id) => !this.#inHand.has(id));
    return ids.slice(0, places);
  }

  #fetch(id: string): void {
    const run = this.#load(id);
    if (run) this.#ready.add(run, toPriority(readState(run)));
  }

  #wake(run: Run): void {
    run.isStirred = true;
    if (this.#moving.has(run) || this.#isStopping) return;
    this.#leaveLines(run);
    this.#ready.add(run, toPriority(readState(run)));
  }

  #leaveLines(run: Run): void {
    run.callOff();
    this.#alone.line.remove(run);
    for (const { way } of run.aims) this.#lanes.get(way.participant)?.line.remove(run);
  }

  #letGo(run: Run): void {
    // Whoever holds it, or still writes something of it, wakes it after that.
    if (run.pins > 0 || run.ahead !== run.state) return;
    this.#inHand.delete(run.id);
    if (run.rest === null || run.rest.dueAt === null) return;
    this.#dueAt = Math.min(this.#dueAt, run.rest.dueAt);
    // Its breaker may have waited for this one alone.
    for (const { participant, kind } of run.rest.waits)
      if (kind === 'parked') this.#serve(participant);
  }

  /** Starts what there are places for, and sees to what comes next. */
  #fill(): void {
    if (this.#isStopping) return;
    while (this.#moving.size < this.#options.concurrencyMax) {
      const run = this.#takeNext();
      if (!run) break;
      this.#begin(run);
    }
    if (this.#dueAt <= this.#options.clock.now() && this.#ready.size() < keptMax / 2) {
      this.#fetchDue();
      if (this.#ready.size() > 0 && this.#moving.size < this.#options.concurrencyMax) this.#fill();
    }
    this.#arm();
  }

  #takeNext(): Run | undefined {
    for (const priority of priorities) {
      if (priority === 'undo' && this.#hasUndosOnly()) continue;
      const run = this.#takeFromLines(priority) ?? this.#ready.take(null, priority);
      if (run) return run;
    }
    return undefined;
  }

  #hasUndosOnly(): boolean {
    return this.#undoing.size >= Math.max(1, this.#options.concurrencyMax - 1);
  }

  /** With the permit that it stood in line for. */
  #takeFromLines(priority: Priority): Run | undefined {
    if (this.#alone.look('forward') === null) {
      const run = this.#alone.line.take(null, priority);
      if (run) return run;
    }
    const direction = priority === 'undo' ? 'undo' : 'forward';
    for (const [participant, lane] of this.#lanes) {
      const run = lane.look(direction) === null && lane.line.take(null, priority);
      if (!run) continue;
      this.#leaveLines(run);
      const aim = run.aims.find(({ way }) => way.participant === participant);
      if (aim) this.#admitTo(run, aim);
      return run;
    }
    return undefined;
  }

  #begin(run: Run): void {
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
    run.isStirred = false;
    if (!this.#takeTurn(run)) return true;
    while (!this.#isStopping) {
      const state = readState(run);
      // What is owed after the completion is fetched in its turn.
      if (isSettled(state) && !wasSettled) return false;
      if (state.phase === 'compensating') this.#undoing.add(run);
      run.isStirred = false;
      const outcome = await advance(run.saga, this.#toHost(run));
      if (outcome.type === 'advanced' || run.isStirred) continue;
      const isInLine = outcome.type === 'perform' && (await this.#standInLine(run, outcome));
      if (!isInLine) await this.#correctRow(run);
      return isInLine;
    }
    return false;
  }

  /** Fetched though it had to wait, it would be fetched again at once. */
  async #correctRow(run: Run): Promise<void> {
    const { now, healedAt } = this.moment();
    const isDue = run.rest?.dueAt !== null && (run.rest?.dueAt ?? 0) <= now;
    const rest = toRest(run.saga, readState(run), { now, healedAt });
    if (isDue && (rest.dueAt ?? endlessMs) > now) await this.commit(run, [], { rest });
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
    run.permit?.leave(null);
    run.permit = null;
    run.turn?.(null);
    run.turn = null;
    if (run.isStirred) this.#wake(run);
    else if (!mustStay) this.#letGo(run);
    this.#fill();
  }

  /** False when another one is tried alone: then nobody could say which of them a crash came from. */
  #takeTurn(run: Run): boolean {
    const state = readState(run);
    if (!this.#options.isTriedAlone(state)) return true;
    const turn = this.#alone.admit({ direction: 'forward', timeoutMs: 0, failedAt: 0 });
    if (typeof turn === 'function') run.turn = turn;
    else this.#alone.line.add(run, toPriority(state));
    return run.turn !== null;
  }

  /** False when the line is too long for memory: then its row says what it waits for. */
  async #standInLine(run: Run, { aims, barriers, until }: Held): Promise<boolean> {
    const full = aims.filter(({ way }) => barriers[way.participant] === 'full');
    const priority = full[0]?.direction === 'undo' ? 'undo' : toPriority(readState(run));
    const long = full.filter(({ way }) => this.#laneOf(way.participant).line.size() >= keptMax);
    run.aims = full;
    if (long.length > 0 && long.length === full.length) {
      await this.commit(run, [], { rest: toOverflow(full, until, priority) });
      for (const { way } of full) this.#overflowing.add(way.participant);
      return false;
    }
    for (const { way, direction } of full) {
      const lane = this.#laneOf(way.participant);
      // It may have opened since: then the run waits for more than a permit.
      if (lane.look(direction) === 'open') run.isStirred = true;
      else lane.line.add(run, priority);
    }
    const delayMs = Math.max(0, until - this.#options.clock.now());
    if (full.length > 0 && until < Number.POSITIVE_INFINITY)
      run.callOff = this.#options.clock.setTimer(delayMs, () => this.#rouse(run));
    return full.length > 0;
  }

  #toHost(run: Run): Host {
    const { clock, onError } = this.#options;
    return {
      id: run.id,
      clock,
      state: () => readState(run),
      secrets: () => run.secrets,
      look: () => ({ ...this.moment(), random: this.#options.random() }),
      admit: (aims) => this.#admit(run, aims),
      commit: (happenings) => this.commit(run, happenings),
      onError: (error, call) => onError(error, call, run),
      attempt: async ({ way, direction, number }, perform) => {
        const startedAt = clock.now();
        run.attempt = { way: way.name, direction, number, startedAt };
        const reply = await perform();
        run.attempt = null;
        run.permit?.leave(reply);
        run.permit = null;
        return { reply, startedAt, endedAt: clock.now() };
      },
    };
  }

  async #admit(run: Run, aims: readonly Aim[]): Promise<Admission> {
    const kept = aims.find(({ way }) => way.participant === run.permit?.participant);
    if (!kept) {
      run.permit?.leave(null);
      run.permit = null;
    }
    const barriers: Record<string, Barrier> = {};
    for (const aim of kept ? [kept] : aims) {
      const barrier = kept ? null : this.#admitTo(run, aim);
      if (barrier) {
        barriers[aim.way.participant] = barrier;
        continue;
      }
      const announcement = this.#options.toAnnouncement(readState(run), aim);
      if (announcement) await this.commit(run, [announcement]);
      return { admitted: aim, barriers };
    }
    return { admitted: null, barriers };
  }

  #admitTo(run: Run, aim: Aim): Barrier | null {
    const { direction, way } = aim;
    const { tries } = direction === 'undo' && way.undo ? way.undo : way;
    const { failures, unsents, triedAt } = readTried(readState(run), aim);
    const failedAt = failures + unsents > 0 ? triedAt : 0;
    const { participant } = way;
    const leave = this.#laneOf(participant).admit({
      direction,
      timeoutMs: tries.timeoutMs,
      failedAt,
    });
    if (typeof leave !== 'function') return leave;
    run.permit = { participant, leave };
    // A probe that never ends is to be given up.
    if (this.#laneOf(participant).isOpen) this.#arm();
    return null;
  }

  #laneOf(participant: string): Lane<Run> {
    const known = this.#lanes.get(participant);
    if (known) return known;
    const lane = this.#createLane((change) => {
      if (change === 'opened') for (const run of lane.line.items()) this.#wake(run);
      if (change === 'closed') this.#drain(participant);
      this.#serve(participant);
      this.#fill();
    }, this.#options.callsMax);
    this.#lanes.set(participant, lane);
    return lane;
  }

  #createLane(
    onChange: ConstructorParameters<typeof Lane>[0]['onChange'],
    callsMax: number,
  ): Lane<Run> {
    const { clock, random, breaker } = this.#options;
    return new Lane<Run>({ callsMax, breaker, clock, random, onChange });
  }

  /** Brings a run into the line where there is room for it and none stands there: one that is parked, as the probe. */
  #serve(participant: string): void {
    const lane = this.#laneOf(participant);
    if (this.#isStopping) return;
    if (lane.isOpen && lane.look('forward') === null && lane.line.size() === 0)
      this.#bring(participant, 'parked', 1);
    if (!lane.isOpen && this.#overflowing.has(participant) && lane.line.size() < keptMax / 2)
      if (this.#bring(participant, 'permit', keptMax / 2) === 0)
        this.#overflowing.delete(participant);
  }

  #bring(participant: string, kind: Wait['kind'], places: number): number {
    const { journal } = this.#options;
    const ids = this.#pick(places, (limit) =>
      journal.listWaiting(participant, kind, endlessMs, limit),
    );
    const { now, healedAt } = this.moment();
    for (const id of ids) {
      const run = this.#load(id);
      const next = run && decide(run.saga, readState(run), now, healedAt);
      const aim =
        next?.type === 'perform' && next.aims.find(({ way }) => way.participant === participant);
      if (!run) continue;
      if (!aim) {
        this.#ready.add(run, toPriority(readState(run)));
        continue;
      }
      run.aims = [aim];
      const priority = aim.direction === 'undo' ? 'undo' : toPriority(readState(run));
      this.#laneOf(participant).line.add(run, priority);
    }
    return ids.length;
  }

  /** Those that are parked, and those that failed before it was well again, go on at their rate. */
  #drain(participant: string): void {
    const { journal, drainPerSecond, clock } = this.#options;
    const { isOpen, healedAt } = this.#laneOf(participant);
    this.#drains.get(participant)?.();
    this.#drains.delete(participant);
    if (isOpen || this.#isStopping) return;
    const places = Math.max(1, Math.round((drainPerSecond * drainEveryMs) / 1_000));
    const list = (limit: number): string[] => [
      ...journal.listWaiting(participant, 'parked', endlessMs, limit),
      ...journal.listWaiting(participant, 'retry', healedAt, limit),
    ];
    if (list(1).length === 0) return;
    for (const id of this.#pick(places, list)) this.#fetch(id);
    this.#drains.set(
      participant,
      clock.setTimer(drainEveryMs, () => this.#drain(participant)),
    );
    this.#fill();
  }

  /** One timer: for the next row that is due, or the next change of a breaker. */
  #arm(): void {
    const { clock } = this.#options;
    const now = clock.now();
    const rowAt = this.#dueAt > now ? this.#dueAt : Number.POSITIVE_INFINITY;
    const at = Math.min(rowAt, ...[...this.#lanes.values()].map(({ nextAt }) => nextAt));
    if (at === this.#timer.at) return;
    this.#timer.callOff();
    const callOff =
      at < endlessMs ? clock.setTimer(Math.max(0, at - now), () => this.#ring()) : () => {};
    this.#timer = { at, callOff };
  }

  #ring(): void {
    const now = this.#options.clock.now();
    this.#timer.at = Number.POSITIVE_INFINITY;
    for (const [participant, lane] of this.#lanes) {
      lane.tick();
      if (lane.isOpen && lane.nextAt > now) this.#serve(participant);
    }
    this.#fill();
  }
}

type Held = Extract<Advance, { type: 'perform' }>;

/** It is found there again when the line is shorter. */
const toOverflow = (aims: readonly Aim[], until: number, priority: Priority): Rest => ({
  dueAt: Math.min(until, endlessMs),
  priority,
  waits: aims.map(({ way }) => ({
    participant: way.participant,
    kind: 'permit',
    rank: priorities.indexOf(priority),
  })),
});

export function createRun(
  id: string,
  saga: Saga<unknown>,
  secrets: Run['secrets'],
  stored: { readonly state: RunState; readonly dueAt: number | null } | null,
): Run {
  const state = stored?.state ?? null;
  return {
    id,
    saga,
    secrets,
    state,
    ahead: state,
    rest: stored && { dueAt: stored.dueAt, priority: toPriority(stored.state), waits: [] },
    attempt: null,
    recovered: null,
    hasWaits: state !== null,
    isStirred: false,
    pins: 0,
    aims: [],
    permit: null,
    turn: null,
    callOff: () => {},
  };
}

/** Throws for a run whose acceptance is not committed: nothing may be decided on it. */
export function readState(run: Run): RunState {
  if (!run.state) throw new Error(`${run.id} is not accepted yet`);
  return run.state;
}
