// Writes what happens to a run, and where it rests after that.
//
// 1. A run's state holds committed events only; what is on its way to the disk is counted ahead of it.
// 2. Whoever is told of a commit is told in the root async context: the request that waits for it may be another one's.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { HealedAt } from '../core/decide.ts';
import type { Event, Happening } from '../core/event.ts';
import { extend } from '../core/history.ts';
import { type Rest, toRest } from '../core/rest.ts';
import type { RunState } from '../core/state.ts';
import { isSettled, toStatus } from '../core/status.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from './clock.ts';
import type { Run } from './run.ts';

export interface WriterOptions {
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly onCommitted: (run: Run, commit: Commit) => void;
}
export interface Commit {
  readonly before: RunState | null;
  readonly events: readonly Event[];
  /** Of the first one. */
  readonly position: number;
}
interface Special {
  /** Of a new run. */
  readonly fingerprint?: string;
  /** What its row says, where that is not what follows from its events. */
  readonly rest?: Rest;
}

export const inRoot = AsyncLocalStorage.snapshot();

export class RunWriter {
  readonly #options: WriterOptions;
  readonly #healedAt: HealedAt;

  constructor(options: WriterOptions, healedAt: HealedAt) {
    this.#options = options;
    this.#healedAt = healedAt;
  }

  /** Resolves when the events are durable. Without any, it resolves when those before it are. */
  async commit(
    run: Run,
    happenings: readonly Happening[],
    { fingerprint, rest }: Special = {},
  ): Promise<void> {
    const { journal, clock, onCommitted } = this.#options;
    const now = clock.now();
    const { events, after } = extend(run.ahead, happenings, now);
    if (!after) return;
    const { saga, version, acceptedAt, settledAt } = after;
    const row = rest ?? toRest(run.saga, after, now, this.#healedAt);
    const appended = journal.append({
      run: run.id,
      events,
      summary: { saga, version, status: toStatus(after), acceptedAt, settledAt },
      rest: { ...row, at: now },
      ...(fingerprint !== undefined && { submission: { fingerprint, secrets: run.secrets } }),
    });
    run.ahead = after;
    run.hasWaits = row.waits.length > 0;
    const position = await appended;
    const before = run.state;
    run.state = after;
    run.rest = row;
    if (isSettled(after)) run.secrets = {};
    inRoot(onCommitted, run, { before, events, position });
  }
}
