// Whose last call at a participant failed: what the gate remembers of runs, longer than they are in memory. A repair is
// fetched anew for each try, and must not be taken for somebody else each time.
import type { Verdict } from './breaker.ts';

/** Whoever failed longest ago is forgotten first. */
const runsMax = 10_000;

export class KnownFailures {
  /** By run, and how many calls had been well by then. */
  readonly #failed = new Map<string, number>();
  #wellCalls = 0;

  has(run: string): boolean {
    return this.#failed.has(run);
  }

  /** A call has ended. False when it says nothing new: the run failed before, and others were served since. */
  note(run: string, verdict: Verdict): boolean {
    const wellBefore = this.#failed.get(run) ?? this.#wellCalls;
    const isNews = wellBefore === this.#wellCalls;
    if (verdict === 'nothing') return isNews;
    this.#failed.delete(run);
    if (verdict === 'healthy') this.#wellCalls += 1;
    else this.#failed.set(run, this.#wellCalls);
    const [oldest] = this.#failed.size > runsMax ? this.#failed.keys() : [];
    if (oldest !== undefined) this.#failed.delete(oldest);
    return isNews;
  }
}
