/** The embedded host's feed, the events of its journal, whose numbers stand in positions as text; and its notices. */

import type { Journal, StoredEvent } from '../journal/journal.ts';
import type { Commit } from '../run/host.ts';
import { callable, check, count, toNotice } from './arguments.ts';
import type { Guard } from './bug.ts';
import type { Committed, Engine, Feed, FeedEvent, Position } from './engine.ts';

type ReadJournal = Pick<Journal, 'readFeed' | 'readKept' | 'readLast'>;

export class JournalFeed implements Feed {
  readonly start: Position = toPosition(0);
  readonly #journal: ReadJournal;
  /** Keeps a listener's throw from harming anybody else. */
  readonly #guard: Guard;
  readonly #listeners = new Set<(committed: Committed) => void>();

  constructor(journal: ReadJournal, guard: Guard) {
    this.#journal = journal;
    this.#guard = guard;
  }

  async last(): Promise<Position> {
    return toPosition(this.#journal.readLast());
  }

  async read(after: Position, limit: number): Promise<readonly FeedEvent[] | undefined> {
    check({ limit }, count);
    const place = readPosition(after);
    return place === null ? undefined : this.#journal.readFeed(place, limit)?.map(toFeedEvent);
  }

  async readKept(after: Position, limit: number): Promise<readonly FeedEvent[]> {
    check({ limit }, count);
    return this.#journal.readKept(this.#find(after), limit).map(toFeedEvent);
  }

  async behind(after: Position): Promise<number> {
    const place = this.#find(after);
    // Behind the last event that was not pruned, nothing comes.
    const isAtEnd = this.#journal.readKept(place, 1).length === 0;
    return isAtEnd ? 0 : this.#journal.readLast() - place;
  }

  subscribe(listener: (committed: Committed) => void): () => void {
    check({ listener }, callable);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell({ run, position, events, state }: Commit): void {
    for (const [index, event] of events.entries()) {
      const committed = { run, position: toPosition(position + index), event, state };
      for (const listener of this.#listeners) this.#guard(() => listener(committed));
    }
  }

  /** A position beyond the end belongs to another journal: this one is read from its beginning. */
  #find(after: Position): number {
    const place = readPosition(after);
    return place === null || place > this.#journal.readLast() ? 0 : place;
  }
}

export const createNotices = (
  journal: Pick<Journal, 'addNotice' | 'readNotices'>,
  refuseStopped = (): void => {},
): Engine['notices'] => ({
  add: async (notice) => {
    refuseStopped();
    return journal.addNotice(toNotice(notice));
  },
  list: async (limit) => {
    check({ limit }, count);
    return journal.readNotices(limit);
  },
});

const toPosition = (place: number): Position => String(place);

const readPosition = (text: Position): number | null =>
  /^\d{1,15}$/.test(text) ? Number(text) : null;

const toFeedEvent = (stored: StoredEvent): FeedEvent => ({
  ...stored,
  position: toPosition(stored.position),
});
