// Completed runs that owe a later step: which of them are in memory. Not how they go on: that is the worker's.
//
// 1. They live in the journal, and are fetched once they are due, whoever waits longest first.
// 2. A hundred at most are in memory. Those that wait for a breaker keep nobody out for long: when others are due, the
//    longest held go back, and the look goes on behind them, round and round.
// 3. Those that were being called when the process ended are the first to be found, however many are due.
// 4. A breaker that closes makes due whoever failed at its participant before.
import type { Clock } from './clock.ts';
import { firstRepairPlace, type Journal, type RepairPlace, type RunSummary } from './journal.ts';
import { endlessDelayMaxMs } from './policy.ts';
import type { Registry } from './registry.ts';
import { neverMs } from './summary.ts';
import type { Run } from './worker.ts';

export interface RepairsOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly registry: Registry;
  /** In memory, or set aside. */
  readonly isKnown: (id: string) => boolean;
  /** Takes it into memory, or sets it aside and returns undefined. */
  readonly load: (id: string) => Run | undefined;
  readonly setAside: (id: string) => void;
  /** Takes one out of memory, if it waits for a breaker. */
  readonly putBack: (run: Run) => boolean;
}

const heldMax = 100;
/** What is skipped, since it is in memory or set aside, costs little, but not nothing. */
const lookedAtMax = 1_000;
const putOffMax = 10_000;

export class Repairs {
  readonly #options: RepairsOptions;
  readonly #longestMs: number;
  /** In memory, the longest held first. */
  readonly #held = new Map<string, Run>();
  /** In the journal, after a try that failed: whose participant it was. */
  readonly #putOff = new Map<string, string>();
  readonly #summoned = new Set<string>();
  /** Where the last look ended. */
  #place = firstRepairPlace;

  constructor(options: RepairsOptions) {
    this.#options = options;
    const delays = options.registry.sagas.flatMap(({ plan }) =>
      plan.map((step) => step.first.tries.delayMaxMs),
    );
    this.#longestMs = Math.max(endlessDelayMaxMs, ...delays);
  }

  /** For one more that waits for others: beyond the limit it goes back to the journal. */
  hasRoom(): boolean {
    return this.#held.size <= heldMax;
  }

  hold(run: Run): void {
    this.#held.set(run.id, run);
    this.#putOff.delete(run.id);
    this.#summoned.delete(run.id);
  }

  /** `awaited`: whom it is to be tried at again. */
  letGo(id: string, awaited: string | null): void {
    this.#held.delete(id);
    if (awaited === null) return;
    this.#putOff.set(id, awaited);
    const [oldest] = this.#putOff.size > putOffMax ? this.#putOff.keys() : [];
    if (oldest !== undefined) this.#putOff.delete(oldest);
  }

  /** Its breaker has closed. */
  summon(participant: string): void {
    for (const [id, awaited] of this.#putOff) if (awaited === participant) this.#summoned.add(id);
  }

  /** At the start: those whose end was not seen. */
  fetchInterrupted(): Run[] {
    return this.#load(this.#options.journal.listRepairs(0, lookedAtMax));
  }

  /** Those that may go on now. Called again and again. */
  fetch(): Run[] {
    const { isKnown, registry, setAside } = this.#options;
    const due = this.#look();
    // Without a look at their events: there may be very many, and all of them for nothing.
    for (const { id, saga, version } of due)
      if (!isKnown(id) && !registry.knows({ name: saga, version })) setAside(id);
    const summoned = [...this.#summoned].slice(0, heldMax / 2).map((id) => ({ id }));
    const others = due.filter(({ id }) => !this.#summoned.has(id));
    const found = [...summoned, ...others].filter(({ id }) => !isKnown(id));
    const places = heldMax - this.#held.size;
    const made = this.#makeRoom(found.length - places);
    const taken = found.slice(0, Math.max(0, places + made));
    this.#moveOn(due, new Set(found.slice(taken.length)));
    const loaded = this.#load(taken);
    for (const { id } of summoned) if (isKnown(id)) this.#summoned.delete(id);
    return loaded;
  }

  #load(found: readonly { readonly id: string }[]): Run[] {
    return found.flatMap(({ id }) => this.#options.load(id) ?? []);
  }

  /** What is due, and after that what is due under no clock like ours: the clock was set back since. */
  #look(): RunSummary[] {
    const { journal, clock } = this.#options;
    const due = journal.listRepairs(clock.now(), lookedAtMax, this.#place);
    const ahead = { repairAt: clock.now() + this.#longestMs, number: 0 };
    const from = ahead.repairAt > this.#place.repairAt ? ahead : this.#place;
    return [...due, ...journal.listRepairs(neverMs - 1, lookedAtMax - due.length, from)];
  }

  /** Half of them at most, so that others stay to be the probe. */
  #makeRoom(wanted: number): number {
    let made = 0;
    for (const run of [...this.#held.values()]) {
      if (made >= Math.min(wanted, heldMax / 2)) break;
      if (this.#options.putBack(run)) made += 1;
    }
    return made;
  }

  /** Up to the first one that found no place; at the end from the beginning again. */
  #moveOn(due: readonly RunSummary[], left: ReadonlySet<object>): void {
    const stop = due.findIndex((repair) => left.has(repair));
    const last = stop < 0 ? due.at(-1) : due[stop - 1];
    if (stop < 0 && due.length < lookedAtMax) this.#place = firstRepairPlace;
    else if (last) this.#place = toPlace(last);
  }
}

const toPlace = ({ repairAt, number }: RunSummary): RepairPlace => ({
  repairAt: repairAt ?? 0,
  number,
});
