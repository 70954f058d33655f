/**
 * The ways to all participants: which run may call, which stand in a queue, and which of the store's come next.
 *
 * 1. A run that is taken from a queue asks for its permit in the same tick: no other run gets it before. A run that
 *    comes while others stand in the queue stands behind them.
 * 2. An open breaker probes with one parked run at a time: first with runs that did not fail there.
 * 3. When a breaker closes, and after a restart, the runs that wait for it go on at a bounded rate.
 * 4. A queue too long for memory goes on in the store.
 */

import { type Aim, decide } from '../core/decide.ts';
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
import { type Barrier, Lane, type LaneOptions, type Leave, never } from './lane.ts';
import type { Admission, Held } from './perform.ts';
import { isTriedAlone } from './recovery.ts';
import { type Run, readState } from './run.ts';

export interface LanesOptions extends LaneOptions {
  readonly journal: Pick<Journal, 'listWaiting' | 'countWaits'>;
  readonly drainPerSecond: number;
  /** Takes up to `places` runs into memory, of the runs that are not there yet. */
  readonly fetch: (places: number, list: (limit: number) => string[]) => readonly Run[];
  readonly wake: (run: Run) => void;
}
/** A participant as the engine sees it. Times are in milliseconds since the epoch. */
export interface ParticipantView extends Readonly<ReturnType<Lane<Run>['view']>> {
  readonly participant: string;
  /** Runs that wait for a permit. */
  readonly waiting: number;
  /** Runs that wait for the breaker to close. */
  readonly parked: number;
}

const drainEveryMs = 100;
/** Runs in one participant's queue that are kept in memory. */
const lineMax = 1_000;
/** The lane of runs that are tried alone: one permit, and no participant. */
const alone = '';

export class Lanes {
  readonly #options: LanesOptions;
  readonly bornAt: number;
  readonly #lanes = new Map<string, Lane<Run>>();
  /** The run that was taken from a queue last. */
  #called: Run | undefined;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.bornAt = options.clock.now();
  }

  /** A restart remembers no breaker: runs that waited for one go on at their rate. */
  start(): void {
    this.note(this.#options.journal.countWaits());
  }

  of(participant: string): Lane<Run> {
    const known = this.#lanes.get(participant);
    if (known) return known;
    const options = this.#options;
    const lane = new Lane<Run>(participant === alone ? { ...options, callsMax: 1 } : options);
    this.#lanes.set(participant, lane);
    return lane;
  }

  views(): ParticipantView[] {
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

  /** The participants' lanes, by name. */
  all(): ReadonlyMap<string, Lane<Run>> {
    return new Map([...this.#lanes].filter(([name]) => name !== alone));
  }

  readonly healedAt = (participant: string): number => this.#lanes.get(participant)?.healedAt ?? 0;

  /** `now`: when lanes were served last. By a later time, a run that became due in between would be nobody's. */
  nextAt(now: number): number {
    return Math.min(never, ...[...this.#lanes.values()].map((lane) => lane.nextAt(now)));
  }

  /** How many queued runs would be admitted. */
  countCalled(): number {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.look('forward') === null);
    return lanes.reduce((sum, { line }) => sum + line.size(), 0);
  }

  /** False while another run is tried alone: else nobody could say which of the two a crash came from. */
  takeTurn(run: Run): boolean {
    const state = readState(run);
    if (!isTriedAlone(state)) return true;
    const turn = this.of(alone).admit('forward');
    if (typeof turn === 'function') run.turn = turn;
    else this.of(alone).line.add(run, toPriority(state));
    return run.turn !== null;
  }

  /** The first of these that may be called. A permit that the run has already is for this call. */
  admit(run: Run, aims: readonly Aim[]): Admission {
    const barriers: Record<string, Barrier> = {};
    const kept = aims.find(({ way }) => way.participant === run.permit?.participant);
    if (kept) return { admitted: kept, barriers };
    this.giveBack(run);
    for (const aim of aims) {
      const { participant } = aim.way;
      const leave = this.#ask(run, aim);
      if (typeof leave === 'function') {
        run.permit = { participant, leave };
        return { admitted: aim, barriers };
      }
      barriers[participant] = leave;
    }
    return { admitted: null, barriers };
  }

  #ask(run: Run, aim: Aim): ReturnType<Lane<Run>['admit']> {
    const lane = this.of(aim.way.participant);
    // Others stand in the queue already, and this run was not called out of it.
    if (run !== this.#called && lane.line.size(toPriorityOf(run, aim)) > 0)
      return lane.look(aim.direction) ?? 'full';
    const { failures, unsents, triedAt } = readTried(readState(run), aim);
    return lane.admit(aim.direction, failures + unsents > 0 ? triedAt : 0, run.id);
  }

  /** `reply`: the call's; null where no call was made. */
  giveBack(run: Run, reply: Parameters<Leave>[0] = null): void {
    const { permit } = run;
    run.permit = null;
    permit?.leave(reply);
  }

  /** An operator or the watchdog asks for a try: the breakers that hold the run back probe at once. */
  hasten(run: Run): void {
    const now = this.#options.clock.now();
    const next = decide(run.saga, readState(run), now, this);
    for (const { way } of next.type === 'perform' ? next.aims : [])
      this.of(way.participant).hasten();
  }

  /** The next run of a queue with a free permit. */
  take(priority: Priority): Run | undefined {
    const direction = priority === 'undo' ? 'undo' : 'forward';
    for (const lane of this.#lanes.values()) {
      // Most queues are empty: that is known without a look at the clock.
      if (lane.line.size() === 0 || lane.look(direction) !== null) continue;
      const run = lane.line.take(priority);
      if (run) this.#called = run;
      if (run) return run;
    }
    return undefined;
  }

  forget(run: Run): void {
    for (const { line } of this.#lanes.values()) line.remove(run);
  }

  /** What the run's row must say, where the queues are too long for memory; null where the run stands in one. */
  standInLine(run: Run, { aims, barriers, until }: Held): Rest | null {
    const full = aims.filter(({ way }) => barriers[way.participant] === 'full');
    const inMemory = full.filter(({ way }) => {
      const { overflows, line } = this.of(way.participant);
      return !overflows && line.size() < lineMax;
    });
    for (const aim of inMemory) this.of(aim.way.participant).line.add(run, toPriorityOf(run, aim));
    if (inMemory.length > 0) return null;
    const priority = full[0] ? toPriorityOf(run, full[0]) : toPriority(readState(run));
    const rank = priorities.indexOf(priority);
    const waits = full.map(
      ({ way }): Wait => ({ participant: way.participant, kind: 'permit', rank }),
    );
    return { dueAt: Math.min(until, endlessMs), priority, waits };
  }

  /** These are rows from now on. */
  note(waits: readonly Pick<Wait, 'participant' | 'kind'>[]): void {
    for (const { participant, kind } of waits) {
      // Its row is due some day, and is drained when the breaker closes.
      if (kind === 'retry') continue;
      const lane = this.of(participant);
      if (kind === 'permit') lane.overflows = true;
      else if (lane.drainsAt === never) lane.drainsAt = 0;
    }
  }

  serve(now: number): void {
    for (const [participant, lane] of this.#lanes)
      if (lane.isOpen) this.#probe(participant, lane);
      else this.#drain(participant, lane, now);
  }

  /** While the breaker lets no run through, queued runs wait for more than a permit. Once it does, a parked run comes. */
  #probe(participant: string, lane: Lane<Run>): void {
    const barrier = lane.look('forward');
    if (barrier === 'open') for (const run of lane.line.items()) this.#options.wake(run);
    const isWanted = barrier === null && lane.line.size() === 0 && lane.drainsAt < never;
    if (isWanted && !this.#bring(participant, 'parked', 1)) lane.drainsAt = never;
  }

  /** Fetches parked runs, runs that failed before the participant was well again, and the next of a long queue. */
  #drain(participant: string, lane: Lane<Run>, now: number): void {
    const { journal, drainPerSecond, fetch, wake } = this.#options;
    if (lane.drainsAt <= now) {
      const places = Math.max(1, Math.round((drainPerSecond * drainEveryMs) / 1_000));
      const runs = fetch(places, (limit) => [
        ...journal.listWaiting(participant, 'parked', endlessMs, limit),
        ...journal.listWaiting(participant, 'retry', lane.healedAt, limit),
      ]);
      for (const run of runs) wake(run);
      lane.drainsAt = runs.length > 0 ? now + drainEveryMs : never;
    }
    if (lane.overflows && lane.line.size() < lineMax / 2)
      lane.overflows = this.#bring(participant, 'permit', lineMax / 2);
  }

  #bring(participant: string, kind: Wait['kind'], places: number): boolean {
    const { journal, fetch } = this.#options;
    const runs = fetch(places, (limit) => journal.listWaiting(participant, kind, endlessMs, limit));
    for (const run of runs) this.of(participant).line.add(run, toPriority(readState(run)));
    return runs.length > 0;
  }
}

/** Undos stand with undos, also those before an alternate. */
export const toPriorityOf = (run: Run, { direction }: Aim): Priority =>
  direction === 'undo' ? 'undo' : toPriority(readState(run));
