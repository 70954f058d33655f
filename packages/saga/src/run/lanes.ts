// The ways to all participants: which run may call, which stand in line, and which of the store's come next.
//
// 1. A run that is taken from a line asks for its permit in the same tick: nobody else gets it before. A run that
//    comes while others stand in line stands behind them.
// 2. An open breaker probes with one parked run at a time, those first that did not fail there.
// 3. When a breaker closes, and after a restart, the runs that wait for it go on at a bounded rate.
// 4. A line too long for memory goes on in the store.

import { type Aim, decide, toCall } from '../core/decide.ts';
import {
  endlessMs,
  type Priority,
  priorities,
  type Rest,
  toPriority,
  type Wait,
} from '../core/rest.ts';
import { readTried } from '../core/state.ts';
import type { Journal } from '../journal/journal.ts';
import type { BreakerOptions } from './breaker.ts';
import type { Clock } from './clock.ts';
import { Lane, type Leave } from './lane.ts';
import type { Admission, Advance, Barrier } from './perform.ts';
import { isTriedAlone } from './recovery.ts';
import { type Run, readState } from './run.ts';

export interface LanesOptions {
  readonly journal: Pick<Journal, 'listWaiting' | 'countWaits'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly callsMax: number;
  readonly drainPerSecond: number;
  readonly breaker: BreakerOptions;
}
/** What keeps runs in memory. */
interface Keeper {
  /** Takes as many into memory as there are places, of those that are not there yet. */
  fetch(places: number, list: (limit: number) => string[]): readonly Run[];
  wake(run: Run): void;
  /** There may be something to do for the places that are free. */
  fill(): void;
}
/** A participant as the engine sees it. */
export interface LaneView extends ReturnType<Lane<Run>['view']> {
  readonly participant: string;
  /** Runs that wait for a permit. */
  readonly waiting: number;
  /** Runs that wait for the breaker to close. */
  readonly parked: number;
}
export type Held = Extract<Advance, { type: 'perform' }>;

const drainEveryMs = 100;
/** Runs in line for one participant that are kept in memory. */
const lineMax = 1_000;
/** The lane of runs that are tried alone: one permit, and no participant. */
const alone = '';

export class Lanes {
  readonly #options: LanesOptions;
  readonly #keeper: Keeper;
  readonly #lanes = new Map<string, Lane<Run>>();
  /** Participants whose line goes on in the store. */
  readonly #overflowing = new Set<string>();
  readonly #drains = new Map<string, () => void>();
  /** Taken from a line last. */
  #called: Run | undefined;
  #hasStopped = false;

  constructor(options: LanesOptions, keeper: Keeper) {
    this.#options = options;
    this.#keeper = keeper;
  }

  /** A restart remembers no breaker: those that waited for one go on at their rate. */
  start(): void {
    for (const { participant, kind } of this.#options.journal.countWaits())
      if (kind === 'parked') this.#drain(participant);
  }

  stop(): void {
    this.#hasStopped = true;
    for (const callOff of this.#drains.values()) callOff();
  }

  of(participant: string): Lane<Run> {
    const known = this.#lanes.get(participant);
    if (known) return known;
    const { callsMax, breaker, clock, random } = this.#options;
    const lane = new Lane<Run>({
      callsMax: participant === alone ? 1 : callsMax,
      breaker,
      clock,
      random,
      onChange: (change) => {
        if (change === 'opened') for (const run of lane.line.items()) this.#keeper.wake(run);
        if (change === 'closed') this.#drain(participant);
        this.serve(participant);
        this.#keeper.fill();
      },
    });
    this.#lanes.set(participant, lane);
    return lane;
  }

  views(): LaneView[] {
    const waits = this.#options.journal.countWaits();
    const count = (name: string, wanted: Wait['kind']): number =>
      waits.find(({ participant, kind }) => participant === name && kind === wanted)?.count ?? 0;
    return [...this.all()].map(([participant, lane]) => ({
      participant,
      ...lane.view(),
      waiting: lane.line.size() + count(participant, 'permit'),
      parked: count(participant, 'parked'),
    }));
  }

  /** Those of participants, by name. */
  all(): ReadonlyMap<string, Lane<Run>> {
    return new Map([...this.#lanes].filter(([name]) => name !== alone));
  }

  readonly healedAt = (participant: string): number => this.#lanes.get(participant)?.healedAt ?? 0;

  /** When a breaker may change by itself. */
  nextAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const { nextAt } of this.#lanes.values()) at = Math.min(at, nextAt);
    return at;
  }

  ring(): void {
    for (const [participant, lane] of this.#lanes) {
      lane.tick();
      this.serve(participant);
    }
  }

  /** How many in line would be admitted. */
  countCalled(): number {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.look('forward') === null);
    return lanes.reduce((sum, { line }) => sum + line.size(), 0);
  }

  /** False while another run is tried alone: then nobody could say which of them a crash came from. */
  takeTurn(run: Run): boolean {
    const state = readState(run);
    if (!isTriedAlone(state) || run.permits.has(alone)) return true;
    const turn = this.of(alone).admit({ direction: 'forward', timeoutMs: 0, failedAt: 0 });
    if (typeof turn === 'function') run.permits.set(alone, turn);
    else this.of(alone).line.add(run, toPriority(state));
    return typeof turn === 'function';
  }

  /** The first of these that may be called. A permit that the run has already is for that one. */
  admit(run: Run, aims: readonly Aim[]): Admission {
    const barriers: Record<string, Barrier> = {};
    const kept = aims.find(({ way }) => run.permits.has(way.participant));
    if (kept) return { admitted: kept, barriers };
    for (const name of [...run.permits.keys()]) if (name !== alone) this.giveBack(run, name);
    for (const aim of aims) {
      const { direction, way } = aim;
      const { timeoutMs } = toCall(aim).tries;
      const { failures, unsents, triedAt } = readTried(readState(run), aim);
      const failedAt = failures + unsents > 0 ? triedAt : 0;
      const permit = this.#isBehind(run, aim)
        ? (this.of(way.participant).look(direction) ?? 'full')
        : this.of(way.participant).admit({ direction, timeoutMs, failedAt });
      if (typeof permit === 'function') {
        run.permits.set(way.participant, permit);
        return { admitted: aim, barriers };
      }
      barriers[way.participant] = permit;
    }
    return { admitted: null, barriers };
  }

  /** `reply`: what came of the call; null where none was made. */
  giveBack(run: Run, name: string, reply: Parameters<Leave>[0] = null): void {
    const permit = run.permits.get(name);
    run.permits.delete(name);
    permit?.(reply);
  }

  /** Somebody says that it is worth a try: the breakers that hold the run back probe at once. */
  hasten(run: Run): void {
    const now = this.#options.clock.now();
    const next = decide(run.saga, readState(run), now, this.healedAt);
    for (const { way } of next.type === 'perform' ? next.aims : [])
      this.of(way.participant).hasten();
  }

  /** The next in a line whose permit is free. */
  take(priority: Priority): Run | undefined {
    const direction = priority === 'undo' ? 'undo' : 'forward';
    for (const lane of this.#lanes.values()) {
      // Most lines are empty: that is known without a look at the clock.
      if (!lane.line.has(priority) || lane.look(direction) !== null) continue;
      const run = lane.line.take(null, priority);
      if (run) this.#called = run;
      if (run) return run;
    }
    return undefined;
  }

  /** Others stand in line already, and it was not called out of it. */
  #isBehind(run: Run, { way, direction }: Aim): boolean {
    const priority = direction === 'undo' ? 'undo' : toPriority(readState(run));
    return run !== this.#called && this.of(way.participant).line.size(priority) > 0;
  }

  forget(run: Run): void {
    for (const { line } of this.#lanes.values()) line.remove(run);
  }

  /** What its row must say instead, where the lines are too long for memory; null where it stands in one. */
  standInLine(run: Run, { aims, barriers, until }: Held): Rest | null {
    const full = aims.filter(({ way }) => barriers[way.participant] === 'full');
    const priority = full[0]?.direction === 'undo' ? 'undo' : toPriority(readState(run));
    const open = full.filter(({ way }) => !this.#isLong(way.participant));
    // It may have opened since: then the run waits for more than a permit.
    run.isStirred ||= open.some(
      (aim) => this.of(aim.way.participant).look(aim.direction) === 'open',
    );
    if (open.length > 0) {
      for (const { way } of open) this.of(way.participant).line.add(run, priority);
      return null;
    }
    const rank = priorities.indexOf(priority);
    const waits = full.map(
      ({ way }): Wait => ({ participant: way.participant, kind: 'permit', rank }),
    );
    for (const { participant } of waits) this.#overflowing.add(participant);
    return { dueAt: Math.min(until, endlessMs), priority, waits };
  }

  /** These are rows from now on: a breaker, or a line, may have waited for them alone. */
  note(waits: readonly Wait[]): void {
    for (const { participant, kind } of waits) {
      if (kind === 'permit') this.#overflowing.add(participant);
      if (kind !== 'retry') this.serve(participant);
    }
  }

  /** Too long for memory, or going on in the store already. */
  #isLong(participant: string): boolean {
    return this.#overflowing.has(participant) || this.of(participant).line.size() >= lineMax;
  }

  /** Brings a run into the line where nobody stands and one would be admitted, or where the line goes on in the store. */
  serve(participant: string): void {
    const lane = this.of(participant);
    if (this.#hasStopped) return;
    if (lane.isOpen && lane.look('forward') === null && lane.line.size() === 0)
      this.#bring(participant, 'parked', 1);
    const hasRoom = !lane.isOpen && lane.line.size() < lineMax / 2;
    if (hasRoom && this.#overflowing.has(participant))
      if (this.#bring(participant, 'permit', lineMax / 2) === 0)
        this.#overflowing.delete(participant);
  }

  #bring(participant: string, kind: Wait['kind'], places: number): number {
    const { journal } = this.#options;
    const runs = this.#keeper.fetch(places, (limit) =>
      journal.listWaiting(participant, kind, endlessMs, limit),
    );
    for (const run of runs) this.of(participant).line.add(run, toPriority(readState(run)));
    return runs.length;
  }

  /** Those that are parked, and those that failed before it was well again. */
  #drain(participant: string): void {
    const { journal, drainPerSecond, clock } = this.#options;
    const { isOpen, healedAt } = this.of(participant);
    this.#drains.get(participant)?.();
    this.#drains.delete(participant);
    if (isOpen || this.#hasStopped) return;
    const list = (limit: number): string[] => [
      ...journal.listWaiting(participant, 'parked', endlessMs, limit),
      ...journal.listWaiting(participant, 'retry', healedAt, limit),
    ];
    if (list(1).length === 0) return;
    const places = Math.max(1, Math.round((drainPerSecond * drainEveryMs) / 1_000));
    for (const run of this.#keeper.fetch(places, list)) this.#keeper.wake(run);
    const callOff = clock.setTimer(drainEveryMs, () => this.#drain(participant));
    this.#drains.set(participant, callOff);
    this.#keeper.fill();
  }
}
