// Moves open runs on: queue, places, timers. Not a store (journal), not a judge (decide).
//
// 1. A run's state holds committed events only, and one driver at a time moves a run.
// 2. A waiting run holds no place; every open run is moving, queued, or has a timer.
// 3. Completed runs with a repair ahead go back to the journal when they rest, but for a few that wait for others.
// 4. Undos go first, but leave one place to the others. Runs that crashes may come from go one at a time.
import { type BreakerOptions, toBreakerOptions } from './breaker.ts';
import type { Clock } from './clock.ts';
import { type Command, decide, findOwed, type Passages } from './decide.ts';
import { advance, type Host, isTriedAlone } from './driver.ts';
import type { Event, Happening } from './event.ts';
import type { ParticipantView } from './gate.ts';
import { Gates } from './gates.ts';
import { isSettled, type Journal } from './journal.ts';
import type { Reply } from './reply.ts';
import { createRunQueue, type Priority } from './run-queue.ts';
import type { Saga } from './saga.ts';
import { evolve, type RunState } from './state.ts';
import { toSummary } from './summary.ts';

/** A run in memory. Only this file changes one. */
export interface Run {
  readonly id: string;
  readonly saga: Saga<unknown>;
  /** Committed. */
  state: RunState | null;
  /** With the events that are on their way to the disk: for numbering and the summary, never for a decision. */
  ahead: RunState | null;
  secrets: Readonly<Record<string, unknown>>;
  attempt: {
    readonly way: string;
    readonly direction: 'forward' | 'undo';
    readonly number: number;
    readonly startedAt: number;
  } | null;
  /** Something changed while it was moving: look again before it rests. */
  isStirred: boolean;
  cancelTimer: (() => void) | null;
}

export interface WorkerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly concurrencyMax: number;
  readonly callsMax: number;
  readonly drainPerSecond: number;
  readonly breaker: Partial<BreakerOptions>;
  readonly onCommitted: (run: Run, events: readonly Event[], position: number) => void;
  /** Nothing is left to do, or it is for `awaited` to be tried at again some time: nobody here keeps the run any more. */
  readonly onIdle: (run: Run, awaited: string | null) => void;
  /** Whether one more completed run may wait here for its repair. */
  readonly hasRoom: () => boolean;
  /** A participant's breaker has closed. */
  readonly onClosed: (participant: string) => void;
  /** A bug, in the engine or in a host: the run stays as the journal has it, and is tried again in a minute. */
  readonly onBug: (error: unknown) => void;
}

const bugPauseMs = 60_000;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #queue = createRunQueue<Run>();
  readonly #moving = new Map<Run, Promise<void>>();
  readonly #undoing = new Set<Run>();
  readonly #gates: Gates<Run>;
  readonly #suspects = new Set<Run>();
  #suspect: Run | null = null;
  #isStopping = false;

  constructor(options: WorkerOptions) {
    const { clock, random, callsMax, drainPerSecond, onClosed } = options;
    const gate = { callsMax, drainPerSecond, breaker: toBreakerOptions(options.breaker) };
    this.#options = options;
    const wake = (run: Run) => this.wake(run);
    this.#gates = new Gates(gate, { clock, random, wake, onClosed, toId: ({ id }) => id });
  }

  get passages(): Passages {
    return this.#gates.passages;
  }

  gates(): ParticipantView[] {
    return this.#gates.views();
  }

  /** Somebody says that it is worth a try: the breakers that hold the run back probe at once. */
  hasten(run: Run): void {
    const next = decide(run.saga, readState(run), this.#options.clock.now(), this.passages);
    if (next.type === 'park') this.#gates.of(next.way.participant).hasten();
    const held = next.type === 'wait' ? Object.keys(next.held?.participants ?? {}) : [];
    for (const participant of held) this.#gates.of(participant).hasten();
    this.wake(run);
  }

  /** Resolves when the events are durable. Without any, it resolves when those before it are. */
  async commit(run: Run, happenings: readonly Happening[], fingerprint?: string): Promise<void> {
    const at = this.#options.clock.now();
    const first = (run.ahead?.seq ?? 0) + 1;
    const events: Event[] = happenings.map((happening, i) => ({
      ...happening,
      seq: first + i,
      at,
    }));
    const after = events.reduce(evolve, run.ahead);
    if (!after) return;
    run.ahead = after;
    const position = await this.#options.journal.append({
      run: run.id,
      events,
      summary: toSummary(run.saga, after, at),
      ...(fingerprint !== undefined && { submission: { fingerprint, secrets: run.secrets } }),
    });
    run.state = after;
    if (isSettled(after)) run.secrets = {};
    this.#options.onCommitted(run, events, position);
  }

  /** Lets a run go on now, whatever it was waiting for. */
  wake(run: Run): void {
    run.isStirred = true;
    run.cancelTimer?.();
    run.cancelTimer = null;
    this.#gates.forget(run);
    this.#suspects.delete(run);
    if (this.#moving.has(run) || this.#isStopping) return;
    this.#queue.add(run, toPriority(readState(run)));
    this.#fill();
  }

  /** Back to the journal with a completed run that waits for a breaker. False when it waits for nothing of the kind. */
  putBack(run: Run): boolean {
    const isResting = run.cancelTimer !== null && run.ahead === run.state;
    if (!isResting || !this.#gates.isParked(run)) return false;
    run.cancelTimer?.();
    this.#gates.dismiss(run);
    this.#options.onIdle(run, null);
    return true;
  }

  counts(): { readonly moving: number; readonly queued: number } {
    return { moving: this.#moving.size, queued: this.#queue.size() };
  }

  /** Starts nothing more, and resolves when each moving run has committed what it was doing. */
  async stop(runs: Iterable<Run>): Promise<void> {
    this.#isStopping = true;
    this.#gates.stop();
    await Promise.all(this.#moving.values());
    this.#gates.stop();
    for (const run of runs) run.cancelTimer?.();
  }

  #fill(): void {
    while (!this.#isStopping && this.#moving.size < this.#options.concurrencyMax) {
      const undosMax = Math.max(1, this.#options.concurrencyMax - 1);
      const run = this.#queue.take(this.#undoing.size >= undosMax ? 'undo' : null);
      if (!run) return;
      if (readState(run).phase === 'compensating') this.#undoing.add(run);
      // Begins after its place was taken: what it calls may wake it, and must find it moving.
      const moved = Promise.resolve()
        .then(() => this.#move(run))
        .catch((error) => this.#fail(run, error))
        .finally(() => this.#free(run));
      this.#moving.set(run, moved);
    }
  }

  /** Also a run that met a bug has a timer: an open one without would wait for the next restart. */
  #fail(run: Run, error: unknown): void {
    run.cancelTimer = this.#options.clock.setTimer(bugPauseMs, () => this.wake(run));
    this.#options.onBug(error);
  }

  #free(run: Run): void {
    this.#moving.delete(run);
    this.#undoing.delete(run);
    this.#clearSuspicion(run);
    if (run.isStirred) this.wake(run);
    else this.#gates.release(run);
    this.#fill();
  }

  /** False when another one is at it: then nobody could say which of them a crash came from. */
  #maySuspectMove(run: Run): boolean {
    if (!isTriedAlone(readState(run))) return true;
    if (this.#suspect !== null) {
      this.#suspects.add(run);
      return false;
    }
    this.#suspect = run;
    return true;
  }

  #clearSuspicion(run: Run): void {
    if (this.#suspect === run) this.#suspect = null;
    const [next] = this.#suspects;
    // Also after a run that is none: the one that was woken may have been cleared before it moved.
    if (next && this.#suspect === null) this.wake(next);
  }

  async #move(run: Run): Promise<void> {
    const host = this.#toHost(run);
    const isRepair = isSettled(readState(run));
    run.isStirred = false;
    if (!this.#maySuspectMove(run)) return;
    while (!this.#isStopping) {
      if (readState(run).phase === 'compensating') this.#undoing.add(run);
      run.isStirred = false;
      const outcome = await advance(run.saga, host, this.#options.clock);
      if (outcome.type === 'advanced' || run.isStirred) continue;
      return this.#rest(run, outcome, isRepair);
    }
  }

  /** `isRepair`: it had completed before it moved. One that completes now goes to the journal, to be fetched in turn. */
  #rest(run: Run, outcome: Extract<Command, { type: 'wait' | 'rest' }>, isRepair: boolean): void {
    const { clock, onIdle, hasRoom } = this.#options;
    const state = readState(run);
    const mayStay =
      !isSettled(state) || (outcome.type === 'wait' && outcome.held && isRepair && hasRoom());
    if (outcome.type === 'rest' || !mayStay) {
      // What is still on its way to the disk wakes it: fetched meanwhile, it would have two drivers.
      if (run.ahead !== run.state) return;
      this.#gates.dismiss(run);
      onIdle(run, outcome.type === 'wait' ? outcome.way.participant : null);
      return;
    }
    // An undo before an alternate too: called as anything else, it would find the undos' places taken, again and again.
    const priority = outcome.direction === 'undo' ? 'undo' : toPriority(state);
    for (const [participant, why] of Object.entries(outcome.held?.participants ?? {}))
      this.#gates.of(participant).hold(run, why, priority);
    if (outcome.direction === 'undo') {
      for (const { participant } of findOwed(run.saga, state))
        this.#gates.of(participant).watch(run);
    }
    // A gate may have called it meanwhile.
    if (run.isStirred) return;
    const delayMs = Math.max(0, outcome.until - clock.now());
    run.cancelTimer = clock.setTimer(delayMs, () => this.wake(run));
  }

  #toHost(run: Run): Host {
    const { clock, random } = this.#options;
    const gates = this.#gates;
    return {
      id: run.id,
      state: () => readState(run),
      secrets: () => run.secrets,
      now: clock.now,
      random,
      passages: (participant, direction) => gates.of(participant).read(direction, run),
      commit: (happenings) => this.commit(run, happenings),
      async attempt({ way, direction, number, timeoutMs }, perform) {
        const startedAt = clock.now();
        const leave = gates.of(way.participant).enter(run, direction, timeoutMs);
        // Whom it was called by besides: its turn there goes to the next, who need not wait for this call's end.
        gates.release(run);
        run.attempt = { way: way.name, direction, number, startedAt };
        let reply: Reply<unknown> | null = null;
        try {
          reply = await perform();
        } finally {
          run.attempt = null;
          leave(reply);
        }
        return { reply, startedAt, endedAt: clock.now() };
      },
    };
  }
}

export function createRun(
  id: string,
  saga: Saga<unknown>,
  secrets: Run['secrets'],
  state: RunState | null,
): Run {
  const idle = { attempt: null, isStirred: false, cancelTimer: null };
  return { id, saga, secrets, state, ahead: state, ...idle };
}

/** Throws for a run whose acceptance is not committed: nothing may be decided on it. */
export function readState(run: Run): RunState {
  if (!run.state) throw new Error(`${run.id} is not accepted yet`);
  return run.state;
}

function toPriority(state: RunState): Priority {
  if (state.phase === 'compensating') return 'undo';
  if (state.phase === 'completed') return 'repair';
  return state.seq === 1 ? 'new' : 'in-flight';
}
