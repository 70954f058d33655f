// The way to one participant: its breaker, its places, and who waits here. Not a judge of runs: `decide` asks whether
// there is a passage, and the worker leaves the runs here that found none.
//
// 1. Calls in flight are bounded, and undos leave one place to the others.
// 2. A run that was called and does not come gives its turn to the next: no place and no probe is kept for it.
// 3. Probes rotate over the parked runs. When the breaker closes, they go on at a bounded rate.
// 4. A run that fails again, while others are served, says nothing new, also after it was away: a few that nobody can
//    serve do not close the way to the others.
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
} from './breaker.ts';
import type { Clock } from './clock.ts';
import type { Passage } from './decide.ts';
import type { Direction } from './event.ts';
import { KnownFailures } from './known-failures.ts';
import type { Reply } from './reply.ts';
import { createRunQueue, type Priority } from './run-queue.ts';
import { toVerdict } from './verdict.ts';

export interface GateOptions {
  /** Calls in flight to one participant. Default 32. */
  readonly callsMax: number;
  /** Parked runs that go on each second after its breaker closed. Default 200. */
  readonly drainPerSecond: number;
  readonly breaker: BreakerOptions;
}
interface Surroundings<T> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly wake: (item: T) => void;
  /** Its breaker has closed. */
  readonly onClosed: (participant: string) => void;
  /** What a run is known by when it comes again as another item. */
  readonly toId: (item: T) => string;
}

/** A participant as the engine sees it. Times are in milliseconds since the epoch. */
export interface ParticipantView {
  readonly participant: string;
  readonly breaker: 'closed' | 'open' | 'probing';
  readonly openedAt: number | null;
  /** When the next probe may go. */
  readonly nextTryAt: number | null;
  /** Times that it opened since the start, failed probes not counted. */
  readonly openings: number;
  readonly inFlight: number;
  readonly callsMax: number;
  /** Runs that wait for a place. */
  readonly waiting: number;
  /** Runs that wait for the breaker to close. */
  readonly parked: number;
}

const drainEveryMs = 100;

export class Gate<T> {
  readonly #participant: string;
  readonly #options: GateOptions;
  readonly #surroundings: Surroundings<T>;
  readonly #parked = new Set<T>();
  /** Those whose undo failed here: they go on when the breaker closes, however long they meant to wait. */
  readonly #owing = new Set<T>();
  readonly #failed = new KnownFailures();
  readonly #line = createRunQueue<T>();
  readonly #called = new Set<T>();
  #breaker: Breaker = closedBreaker;
  #openings = 0;
  #inFlight = 0;
  #undos = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(participant: string, options: GateOptions, surroundings: Surroundings<T>) {
    this.#participant = participant;
    this.#options = options;
    this.#surroundings = surroundings;
  }

  /** `item` asks for itself: a place that it was called to is its own, and nobody else's. */
  read(direction: Direction, item: T | null = null): Passage {
    const breaker = this.#breaker;
    if (!mayPass(breaker, this.#surroundings.clock.now()))
      return { type: 'parked', until: toNextTry(breaker) ?? 0, healedAt: 0 };
    const healedAt = breaker.state === 'closed' ? breaker.since : 0;
    const promised = this.#called.size - (item !== null && this.#called.has(item) ? 1 : 0);
    const isFull =
      this.#inFlight + promised >= this.#options.callsMax ||
      (direction === 'undo' && this.#hasUndosOnly());
    return { type: isFull ? 'full' : 'free', until: 0, healedAt };
  }

  /** In the tick in which `read` said free. The call's end must be told, once; `timeoutMs` is when it ends at the latest. */
  enter(item: T, direction: Direction, timeoutMs = 0): (reply: Reply<unknown> | null) => void {
    this.#called.delete(item);
    this.#change(enter(this.#breaker, this.#moment(), timeoutMs));
    const { era } = this.#breaker;
    const undos = direction === 'undo' ? 1 : 0;
    this.#inFlight += 1;
    this.#undos += undos;
    return (reply) => {
      this.#inFlight -= 1;
      this.#undos -= undos;
      this.#judge(item, era, reply);
      this.#invite();
    };
  }

  /** Keeps a run that found no passage, until there is one. */
  hold(item: T, why: 'full' | 'parked', priority: Priority): void {
    // It may have opened since the run looked: then nobody is served from the line.
    if (why === 'full' && mayPass(this.#breaker, this.#surroundings.clock.now()))
      this.#line.add(item, priority);
    else this.#parked.add(item);
    // Who comes moves no timer: those who come often would put it off for ever.
    if (this.#cancelTimer === null) this.#arm();
    this.#invite();
  }

  isParked(item: T): boolean {
    return this.#parked.has(item);
  }

  /** Keeps a run in mind that waits for the next try of an undo here. */
  watch(item: T): void {
    this.#owing.add(item);
  }

  /** It goes on; whatever it waits for next, it will say so. */
  forget(item: T): void {
    this.#parked.delete(item);
    this.#owing.delete(item);
    this.#line.remove(item);
  }

  /** It went on and needs nothing here any more. */
  release(item: T): void {
    if (this.#called.delete(item)) this.#invite();
  }

  /** It has ended. */
  dismiss(item: T): void {
    this.forget(item);
    this.release(item);
  }

  /** Somebody knows that the participant is well again. */
  hasten(): void {
    this.#change(hasten(this.#breaker, this.#surroundings.clock.now()));
    this.#invite();
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  view(): ParticipantView {
    const breaker = this.#breaker;
    const isOpen = breaker.state === 'open';
    return {
      participant: this.#participant,
      breaker: isOpen && breaker.probeEndsAt !== null ? 'probing' : breaker.state,
      openedAt: isOpen ? breaker.since : null,
      nextTryAt: toNextTry(breaker),
      openings: this.#openings,
      inFlight: this.#inFlight,
      callsMax: this.#options.callsMax,
      waiting: this.#line.size(),
      parked: this.#parked.size,
    };
  }

  #judge(item: T, era: number, reply: Reply<unknown> | null): void {
    const verdict = toVerdict(reply);
    const isNews = this.#failed.note(this.#surroundings.toId(item), verdict);
    // A probe is believed whoever it was: there may be nobody else.
    const isBelieved = isNews || this.#breaker.state === 'open';
    const retryAfterMs = reply && 'retryAfterMs' in reply ? reply.retryAfterMs : undefined;
    const call = { era, verdict: isBelieved ? verdict : 'nothing', retryAfterMs } as const;
    this.#change(leave(this.#breaker, call, this.#moment()));
  }

  #moment(): Moment {
    const { clock, random } = this.#surroundings;
    return { now: clock.now(), random: random(), options: this.#options.breaker };
  }

  #hasUndosOnly(): boolean {
    return this.#undos >= Math.max(1, this.#options.callsMax - 1);
  }

  #change(breaker: Breaker): void {
    const before = this.#breaker;
    if (breaker === before) return;
    this.#breaker = breaker;
    if (before.state === 'closed' && breaker.state === 'closed') return;
    if (before.state === 'closed') this.#begin();
    else if (breaker.state === 'closed') this.#end();
    this.#arm();
  }

  /** Who waits for a place now waits for more than that, and its time budget begins. */
  #begin(): void {
    this.#openings += 1;
    for (let item = this.#line.take(); item !== undefined; item = this.#line.take())
      this.#surroundings.wake(item);
  }

  #end(): void {
    for (const item of this.#owing) this.#parked.add(item);
    this.#owing.clear();
    this.#drain();
    this.#surroundings.onClosed(this.#participant);
  }

  #drain(): void {
    const places = Math.max(1, Math.round((this.#options.drainPerSecond * drainEveryMs) / 1_000));
    for (const item of [...this.#parked].slice(0, places)) {
      this.#parked.delete(item);
      this.#surroundings.wake(item);
    }
  }

  /** One timer is enough: for the next probe, for the end of the one under way, or for those still to go on. */
  #arm(): void {
    const { clock } = this.#surroundings;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const breaker = this.#breaker;
    if (breaker.state === 'closed') {
      if (this.#parked.size > 0)
        this.#cancelTimer = clock.setTimer(drainEveryMs, () => this.#tick());
      return;
    }
    const at = breaker.probeEndsAt ?? breaker.until;
    this.#cancelTimer = clock.setTimer(Math.max(0, at - clock.now()), () => this.#tick());
  }

  #tick(): void {
    this.#cancelTimer = null;
    if (this.#breaker.state === 'closed') this.#drain();
    else this.#change(giveUpProbe(this.#breaker, this.#moment()));
    if (this.#cancelTimer === null && this.#isAwaited()) this.#arm();
    this.#invite();
  }

  /** Open and due, it needs no timer: whoever comes next is the probe, and who is parked was invited. */
  #isAwaited(): boolean {
    const breaker = this.#breaker;
    if (breaker.state === 'closed') return this.#parked.size > 0;
    return !mayPass(breaker, this.#surroundings.clock.now());
  }

  #invite(): void {
    if (this.#breaker.state === 'open') {
      if (this.#called.size > 0 || this.read('forward').type !== 'free') return;
      // In the line while it is open: due, but no place was free for a probe.
      const next = this.#findProbe() ?? this.#takeFromLine();
      if (next !== undefined) this.#call(next);
      return;
    }
    while (this.#inFlight + this.#called.size < this.#options.callsMax) {
      const next = this.#takeFromLine();
      if (next === undefined) return;
      this.#call(next);
    }
  }

  /** One whose own request may be to blame is the last choice. */
  #findProbe(): T | undefined {
    const { toId } = this.#surroundings;
    const [first] = this.#parked;
    for (const item of this.#parked) if (!this.#failed.has(toId(item))) return item;
    return first;
  }

  #takeFromLine(): T | undefined {
    return this.#line.take(this.#hasUndosOnly() ? 'undo' : null);
  }

  #call(item: T): void {
    this.#parked.delete(item);
    this.#called.add(item);
    this.#surroundings.wake(item);
  }
}

const toNextTry = (breaker: Breaker): number | null =>
  breaker.state === 'open' ? (breaker.probeEndsAt ?? breaker.until) : null;
