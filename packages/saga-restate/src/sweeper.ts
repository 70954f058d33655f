/**
 * Sees to runs that nothing wakes: those that wait for a breaker, which hold no timer, and those whose message was lost.
 * Every replica has one; a run that is waked twice looks, and rests again.
 *
 * 1. An open breaker whose time has come is probed with one parked run. One that closed lets its runs go at a bounded rate.
 * 2. What is long overdue is waked, so that nothing depends on one message.
 * 3. A cluster that is slow is not made slower: for one reason, a run is waked once, by all replicas together.
 */
import type { Clock, Journal } from '@baton/saga';
import { endlessMs, priorities } from '@baton/saga/core/rest';
import type { LaneViews } from './lane-views.ts';
import type { Driven } from './services.ts';

export interface SweeperOptions {
  readonly journal: Pick<Journal, 'listDue' | 'listWaiting' | 'countWaits'>;
  readonly clock: Clock;
  /** Of the whole cluster, each second after a breaker closed. */
  readonly drainPerSecond: number;
  readonly lanes: Pick<LaneViews, 'all'>;
  /** When the run's last event was; 0 where it is not known. */
  readonly lastAt: (id: string) => number;
  /** Once for each key, whichever replica it is. */
  readonly nudge: (id: string, driven: Driven, key: string) => Promise<void>;
  /** The cluster could not be asked; the next look comes soon. */
  readonly onUnreachable: (error: unknown) => void;
}

const lookEveryMs = 500;
const overdueMs = 60_000;
const overdueMax = 100;
/** The projection needs a moment to show what became of a run that was waked. */
const againMs = 5_000;

/** Returns how to stop. */
export function startSweeper(options: SweeperOptions): () => Promise<void> {
  const { journal, clock, drainPerSecond, lanes, lastAt } = options;
  const waked = new Map<string, number>();
  let callOff = (): void => {};
  let looking: Promise<void> = Promise.resolve();
  let isStopping = false;

  async function wake(ids: readonly string[], why: string, driven: Driven = {}): Promise<void> {
    const now = clock.now();
    const due = ids.filter((id) => (waked.get(id) ?? 0) <= now);
    for (const id of due) waked.set(id, now + againMs);
    const toKey = (id: string): string => `${id} ${lastAt(id)} ${why}`;
    await Promise.all(due.map((id) => options.nudge(id, driven, toKey(id))));
  }

  async function serve(participant: string, now: number): Promise<void> {
    const lane = (await lanes.all()).get(participant);
    // It is open, and its time has not come, or a probe is under way.
    if (!lane || lane.look('forward') === 'open') return;
    const { healedAt } = lane;
    const { breaker, nextTryAt } = lane.view();
    const isOpen = breaker !== 'closed';
    const places = isOpen ? 1 : Math.max(1, Math.round((drainPerSecond * lookEveryMs) / 1_000));
    const list = (kind: 'parked' | 'retry', since: number) =>
      journal
        .listWaiting(participant, kind, since, places + waked.size)
        .filter((id) => (waked.get(id) ?? 0) <= now);
    const parked = list('parked', endlessMs);
    const healed = isOpen ? {} : { healed: { [participant]: healedAt } };
    const ids = isOpen ? parked : [...parked, ...list('retry', healedAt)];
    const why = isOpen ? `probe ${nextTryAt}` : `healed ${healedAt}`;
    // The time is in it, since what was sent once may have led to nothing.
    const whyNow = `${why} ${Math.floor(now / againMs)}`;
    await wake([...new Set(ids)].slice(0, places), whyNow, healed);
  }

  async function look(): Promise<void> {
    const now = clock.now();
    for (const [id, until] of waked) if (until <= now) waked.delete(id);
    const waits = journal.countWaits().filter(({ kind }) => kind !== 'permit');
    const participants = new Set(waits.map(({ participant }) => participant));
    await Promise.all([...participants].map((participant) => serve(participant, now)));
    const overdue = priorities
      .flatMap((priority) => journal.listDue(priority, now - overdueMs, overdueMax))
      .filter((id) => lastAt(id) < now - overdueMs);
    await wake(overdue, `overdue ${Math.floor(now / overdueMs)}`);
  }

  function lookIn(delayMs: number): void {
    if (isStopping) return;
    callOff = clock.setTimer(delayMs, () => {
      looking = look()
        .catch(options.onUnreachable)
        .then(() => lookIn(lookEveryMs));
    });
  }
  lookIn(lookEveryMs);
  return async () => {
    isStopping = true;
    callOff();
    await looking;
  };
}
