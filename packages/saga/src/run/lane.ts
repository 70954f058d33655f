// The way to one participant: its breaker, its permits, and the line of runs that wait for one. Not who waits for the
// breaker: those are rows of the store.
//
// 1. Calls in flight are bounded, and undos leave one permit to the others. An open breaker lets one probe through.
// 2. A permit is handed over with the run that takes it: none is kept for a run that was called and does not come.
// 3. A run that fails again, while others are served, says nothing new: a few that nobody can serve do not close the
//    way to the others. A probe is believed whichever run it was: there may be no other.

import type { Direction } from '../core/event.ts';
import type { Reply } from '../core/reply.ts';
import {
  type Breaker,
  type BreakerOptions,
  closedBreaker,
  enter,
  giveUpProbe,
  hasten,
  leave,
  type Moment,
  mayPass,
  toVerdict,
} from './breaker.ts';
import type { Clock } from './clock.ts';
import type { Barrier } from './perform.ts';
import { createQueue } from './queue.ts';

export interface LaneOptions {
  /** Calls in flight to one participant. */
  readonly callsMax: number;
  readonly breaker: BreakerOptions;
  readonly clock: Clock;
  readonly random: () => number;
  /** A permit came back, or the breaker has changed. */
  readonly onChange: () => void;
}
/** A call's end must be told, once; null for one that was not made. */
export type Leave = (reply: Reply<unknown> | null) => void;
export interface Caller {
  readonly direction: Direction;
  /** When it ends its call at the latest. */
  readonly timeoutMs: number;
  /** When its last call here failed, in milliseconds since the epoch; 0 if it did not. */
  readonly failedAt: number;
}

/** Times are in milliseconds since the epoch. */
export interface LaneView {
  readonly breaker: 'closed' | 'open' | 'probing';
  readonly openedAt: number | null;
  /** When the next probe may go. */
  readonly nextTryAt: number | null;
  /** Times that it opened since the start, failed probes not counted. */
  readonly openings: number;
  readonly inFlight: number;
  readonly callsMax: number;
}

/** At no time. */
export const never = Number.POSITIVE_INFINITY;

export class Lane<T> {
  readonly line = createQueue<T>();
  /** The line goes on in the store. */
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

  /** When something may change by itself. An open breaker that is due needs no timer: whoever comes next is the probe. */
  get nextAt(): number {
    const breaker = this.#breaker;
    if (breaker.state === 'closed') return this.drainsAt;
    if (breaker.probeEndsAt !== null) return breaker.probeEndsAt;
    return breaker.until > this.#options.clock.now() ? breaker.until : never;
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

  admit({ direction, timeoutMs, failedAt }: Caller): Leave | Barrier {
    const barrier = this.look(direction);
    if (barrier) return barrier;
    if (this.isOpen) this.#change(enter(this.#breaker, this.#moment(), timeoutMs));
    const { era } = this.#breaker;
    const undos = direction === 'undo' ? 1 : 0;
    this.#inFlight += 1;
    this.#undos += undos;
    return (reply) => {
      this.#inFlight -= 1;
      this.#undos -= undos;
      const isNews = failedAt === 0 || this.#servedAt <= failedAt || this.isOpen;
      const verdict = toVerdict(reply);
      const moment = this.#moment();
      if (verdict === 'healthy') this.#servedAt = moment.now;
      const retryAfterMs = reply && 'retryAfterMs' in reply ? reply.retryAfterMs : undefined;
      const call = { era, verdict: isNews ? verdict : 'nothing', retryAfterMs } as const;
      this.#change(leave(this.#breaker, call, moment));
    };
  }

  /** To be called when `nextAt` has come. */
  tick(): void {
    const breaker = giveUpProbe(this.#breaker, this.#moment());
    if (breaker !== this.#breaker) this.#change(breaker);
  }

  /** Somebody knows that the participant is well again: the next probe need not wait. */
  hasten(): void {
    this.#change(hasten(this.#breaker, this.#options.clock.now()));
  }

  view(): LaneView {
    const breaker = this.#breaker;
    const isOpen = breaker.state === 'open';
    return {
      breaker: isOpen && breaker.probeEndsAt !== null ? 'probing' : breaker.state,
      openedAt: isOpen ? breaker.since : null,
      nextTryAt: isOpen ? (breaker.probeEndsAt ?? breaker.until) : null,
      openings: this.#openings,
      inFlight: this.#inFlight,
      callsMax: this.#options.callsMax,
    };
  }

  #moment(): Moment {
    const { clock, random, breaker } = this.#options;
    return { now: clock.now(), random: random(), options: breaker };
  }

  #change(breaker: Breaker): void {
    const wasOpen = this.isOpen;
    this.#breaker = breaker;
    if (!wasOpen && this.isOpen) this.#openings += 1;
    if (wasOpen && !this.isOpen) this.drainsAt = 0;
    this.#options.onChange();
  }
}
