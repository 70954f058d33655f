/**
 * What a moving run needs from its host: the clock, the lanes, and the journal.
 *
 * 1. A run's state holds committed events only; events on their way to the disk are counted ahead of it.
 */
import type { Event, Happening } from '../core/event.ts';
import { extend } from '../core/history.ts';
import { type Rest, toRest } from '../core/rest.ts';
import type { RunState } from '../core/state.ts';
import { isSettled, toStatus } from '../core/status.ts';
import type { Journal } from '../journal/journal.ts';
import type { Lanes } from './lanes.ts';
import type { Host } from './perform.ts';
import type { Run } from './run.ts';

export interface HostOptions extends Pick<Host, 'clock' | 'random' | 'onError'> {
  readonly journal: Pick<Journal, 'append'>;
  readonly onCommitted: (commit: Commit) => void;
}
export interface Commit {
  readonly run: string;
  readonly before: RunState | null;
  readonly state: RunState;
  readonly events: readonly Event[];
  /** The first event's; the others follow it. */
  readonly position: number;
}
interface Special {
  /** Of a new run. */
  readonly fingerprint?: string;
  /** The run's row, where that does not follow from its events. */
  readonly rest?: Rest;
}
export interface EmbeddedHost extends Host {
  commit(run: Run, happenings: readonly Happening[], special?: Special): Promise<void>;
}

export function createHost(options: HostOptions, lanes: Lanes): EmbeddedHost {
  const { journal, clock, random, onCommitted, onError } = options;
  async function write(run: Run, happenings: readonly Happening[], special: Special) {
    const now = clock.now();
    const { events, after } = extend(run.ahead, happenings, now);
    if (!after) return;
    const { saga, version, acceptedAt, settledAt } = after;
    const { fingerprint, rest = toRest(run.saga, after, now, lanes) } = special;
    run.ahead = after;
    run.rest = rest;
    const position = await journal.append({
      run: run.id,
      events,
      summary: { saga, version, status: toStatus(after), acceptedAt, settledAt },
      rest: { ...rest, at: now },
      ...(fingerprint !== undefined && { submission: { fingerprint, secrets: run.secrets } }),
    });
    const before = run.state;
    run.state = after;
    if (isSettled(after)) run.secrets = {};
    onCommitted({ run: run.id, before, state: after, events, position });
  }
  return {
    clock,
    random,
    lanes,
    onError,
    commit(run, happenings, special = {}) {
      run.written = write(run, happenings, special);
      return run.written;
    },
  };
}
