/**
 * The way to one participant: its breaker, its permits, and the queue of runs that wait for a permit. Runs that wait for
 * the breaker are rows of the store.
 *
 * 1. Calls in flight are bounded, and undos leave one permit to the others. An open breaker lets one probe through.
 * 2. A permit is handed over with the run that takes it: none is kept for a run that was called and does not come.
 * 3. A run that fails again, while others are served, says nothing new: a few hopeless runs do not close the way to the
 *    others. A probe counts whichever run it was: there may be no other.
 */

import type { Direction } from '../core/event.ts';
import type { Reply } from '../core/reply.ts';
import {
  type Breaker,
  type BreakerOptions,
  closedBreaker,
  enter,
  hasten,
  leave,
  mayPass,
  toVerdict,
} from './breaker.ts';
import type { Clock } from './clock.ts';
import { Queue } from './queue.ts';

export interface LaneOptions {
  readonly callsMax: number;
  readonly breaker: BreakerOptions;
  readonly clock: Clock;
  readonly random: () => number;
  /** A permit came back, or the breaker has changed. */
  readonly onChange: () => void;
}
/** `full`: too many calls are in flight. `open`: its breaker is open. */
export type Barrier = 'full' | 'open';
/** A call's end must be told, once; null for a call that was not made. */
export type Leave = (reply: Reply<unknown> | null) => void;
export const never = Number.POSITIVE_INFINITY;

export class Lane<T> {
  readonly line = new Queue<T>();
  /** The queue goes on in the store. */
  overflows = false;
  /** When rows that wait for the breaker may go on, once it is closed; `never` where there are none. */
  drainsAt = never;
  readonly #options: LaneOptions;
  #breaker: Breaker = closedBreaker;
  #openings = 0;
  #inFlight = 0;
  #undos = 0;
  #servedAt = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#breaker.state === 'open';
  }

  /** When the breaker closed last; 0 while it is open, or when it never did. */
  get healedAt(): number {
    return this.isOpen ? 0 : this.#breaker.since;
  }

  /** When something may change by itself. An open breaker that is due needs no timer: the next run is the probe. */
  nextAt(now: number): number {
    const { state, until } = this.#breaker;
    if (state === 'closed') return this.drainsAt;
    return until > now ? until : never;
  }

  /** What a call would meet now. */
  look(direction: Direction): Barrier | null {
    if (this.isOpen && !mayPass(this.#breaker, this.#options.clock.now())) return 'open';
    const hasUndosOnly = direction === 'undo' && this.hasUndosOnly;
    return this.#inFlight >= this.#options.callsMax || hasUndosOnly ? 'full' : null;
  }

  /** Undos have all the permits that they may have. */
  get hasUndosOnly(): boolean {
    return this.#undos >= Math.max(1, this.#options.callsMax - 1);
  }

  /** `failedAt`: when the run's last call here failed, in milliseconds since the epoch; 0 if it did not. */
  admit(direction: Direction, failedAt = 0, run?: string): Leave | Barrier {
    const barrier = this.look(direction);
    if (barrier) return barrier;
    this.#breaker = enter(this.#breaker);
    const { era } = this.#breaker;
    const undos = direction === 'undo' ? 1 : 0;
    this.#inFlight += 1;
    this.#undos += undos;
    return (reply) => {
      this.#inFlight -= 1;
      this.#undos -= undos;
      const isNews = failedAt === 0 || this.#servedAt <= failedAt || this.isOpen;
      const verdict = toVerdict(reply);
      const { clock, random, breaker: options } = this.#options;
      const moment = { now: clock.now(), random: random(), options };
      if (verdict === 'healthy') this.#servedAt = moment.now;
      const retryAfterMs = reply && 'retryAfterMs' in reply ? reply.retryAfterMs : undefined;
      const call = { era, verdict: isNews ? verdict : 'nothing', retryAfterMs } as const;
      this.#change(leave(this.#breaker, { ...call, run }, moment));
    };
  }

  /** Somebody knows that the participant is well again: the next probe need not wait. */
  hasten(): void {
    this.#change(hasten(this.#breaker, this.#options.clock.now()));
  }

  view() {
    const { state, since, until, isProbing } = this.#breaker;
    return {
      breaker: isProbing ? ('probing' as const) : state,
      openedAt: this.isOpen ? since : null,
      /** When the next probe may go. */
      nextTryAt: this.isOpen ? until : null,
      /** Since the start, failed probes not counted. */
      openings: this.#openings,
      inFlight: this.#inFlight,
      callsMax: this.#options.callsMax,
    };
  }

  #change(breaker: Breaker): void {
    const wasOpen = this.isOpen;
    this.#breaker = breaker;
    if (!wasOpen && this.isOpen) this.#openings += 1;
    if (wasOpen && !this.isOpen) this.drainsAt = 0;
    this.#options.onChange();
  }
}
