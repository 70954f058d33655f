/**
 * What a run that moves asks of where it lives: the clock, the lanes, and the journal.
 *
 * 1. A run's state holds committed events only; what is on its way to the disk is counted ahead of it.
 */
import type { Event, Happening } from '../core/event.ts';
import { extend } from '../core/history.ts';
import { type Rest, toRest } from '../core/rest.ts';
import type { RunState } from '../core/state.ts';
import { isSettled, toStatus } from '../core/status.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from './clock.ts';
import type { Lanes } from './lanes.ts';
import type { Host } from './perform.ts';
import type { Run } from './run.ts';

export interface HostOptions {
  readonly journal: Pick<Journal, 'append'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onCommitted: (commit: Commit) => void;
  readonly onError: Host['onError'];
}
export interface Commit {
  readonly run: string;
  readonly before: RunState | null;
  readonly state: RunState;
  readonly events: readonly Event[];
  /** Of the first one; the others follow it. */
  readonly position: number;
}
interface Special {
  /** Of a new run. */
  readonly fingerprint?: string;
  /** What its row says, where that is not what follows from its events. */
  readonly rest?: Rest;
}

export class EmbeddedHost implements Host {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError: Host['onError'];
  readonly lanes: Lanes;
  readonly #options: HostOptions;

  constructor(options: HostOptions, lanes: Lanes) {
    this.clock = options.clock;
    this.random = options.random;
    this.onError = options.onError;
    this.lanes = lanes;
    this.#options = options;
  }

  commit(run: Run, happenings: readonly Happening[], special: Special = {}): Promise<void> {
    run.written = this.#write(run, happenings, special);
    return run.written;
  }

  async #write(
    run: Run,
    happenings: readonly Happening[],
    { fingerprint, rest }: Special,
  ): Promise<void> {
    const now = this.clock.now();
    const { events, after } = extend(run.ahead, happenings, now);
    if (!after) return;
    const { saga, version, acceptedAt, settledAt } = after;
    const row = rest ?? toRest(run.saga, after, now, this.lanes.healedAt);
    run.ahead = after;
    run.rest = row;
    const position = await this.#options.journal.append({
      run: run.id,
      events,
      summary: { saga, version, status: toStatus(after), acceptedAt, settledAt },
      rest: { ...row, at: now },
      ...(fingerprint !== undefined && { submission: { fingerprint, secrets: run.secrets } }),
    });
    const before = run.state;
    run.state = after;
    if (isSettled(after)) run.secrets = {};
    this.#options.onCommitted({ run: run.id, before, state: after, events, position });
  }
}
