// Forgets runs that ended long ago. Runs with an open repair have not ended. Times are milliseconds since the epoch.
//
// 1. What is carried of them is stored in the transaction that removes them: totals agree with the participants' books.
// 2. However many are due, they go a batch at a time, and the event loop is free in between.
import type { Clock } from './clock.ts';
import type { Journal } from './journal.ts';
import { type RunState, tryReplay } from './state.ts';

export interface PruningOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly keepMs: number;
  readonly carry: (carried: unknown, state: RunState, id: string) => unknown;
  /** Keeps what `carry` throws from ending the process. */
  readonly guard: (work: () => void) => void;
}

const batchMax = 100;
const pauseMs = 10;

export class Pruning {
  readonly #options: PruningOptions;
  #callOff: (() => void) | null = null;

  constructor(options: PruningOptions) {
    this.#options = options;
  }

  /** Begins to remove what is due, unless it is still at it. */
  start(): void {
    if (this.#callOff === null) this.#options.guard(() => this.#goOn());
  }

  stop(): void {
    this.#callOff?.();
  }

  #goOn(): void {
    this.#callOff = null;
    if (!this.#pruneSome()) return;
    const { clock, guard } = this.#options;
    this.#callOff = clock.setTimer(pauseMs, () => guard(() => this.#goOn()));
  }

  /** True when more may be due. */
  #pruneSome(): boolean {
    const { journal, clock, keepMs, carry } = this.#options;
    const due = journal.listPrunable(clock.now() - keepMs, batchMax);
    const found = due.flatMap((id) => {
      // One whose events make no sense stays, for whoever looks into it, and keeps no other from going.
      const state = tryReplay(journal.read(id)?.events ?? []);
      return state ? [{ id, state }] : [];
    });
    if (found.length === 0) return false;
    const carried = found.reduce(
      (sum, { id, state }) => carry(sum, state, id),
      journal.readCarried(),
    );
    journal.prune(
      found.map(({ id }) => id),
      carried,
    );
    return due.length === batchMax;
  }
}
