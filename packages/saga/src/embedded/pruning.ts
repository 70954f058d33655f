// Forgets runs that ended long ago. Runs with an open repair have not ended. Times are milliseconds since the epoch.
//
// 1. What is carried of them is stored in the transaction that removes them: totals agree with the participants' books.
// 2. However many are due, they go a batch at a time, and the event loop is free in between.

import { tryReplay } from '../core/history.ts';
import type { Clock } from '../run/clock.ts';
import type { EngineOptions } from './engine.ts';

type Guard = (work: () => void) => void;

const batchMax = 100;
const pauseMs = 10;

export class Pruning {
  readonly #options: Pick<EngineOptions, 'journal' | 'keepMs' | 'carry'>;
  readonly #clock: Clock;
  /** Keeps what `carry` throws from ending the process. */
  readonly #guard: Guard;
  #callOff: (() => void) | null = null;

  constructor(options: EngineOptions, clock: Clock, guard: Guard) {
    this.#options = options;
    this.#clock = clock;
    this.#guard = guard;
  }

  /** Begins to remove what is due, unless it is still at it. */
  start(): void {
    const { keepMs } = this.#options;
    if (keepMs !== undefined && this.#callOff === null) this.#guard(() => this.#goOn(keepMs));
  }

  stop(): void {
    this.#callOff?.();
  }

  #goOn(keepMs: number): void {
    this.#callOff = null;
    if (!this.#pruneSome(this.#clock.now() - keepMs)) return;
    const goOn = (): void => this.#guard(() => this.#goOn(keepMs));
    this.#callOff = this.#clock.setTimer(pauseMs, goOn);
  }

  /** True when more may be due. */
  #pruneSome(settledBefore: number): boolean {
    const { journal, carry = (carried) => carried ?? null } = this.#options;
    const due = journal.listPrunable(settledBefore, batchMax);
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
