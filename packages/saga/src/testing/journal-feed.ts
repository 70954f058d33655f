import type { Feed } from '../embedded/engine.ts';
import { JournalFeed } from '../embedded/feed.ts';
import type { Journal } from '../journal/journal.ts';

/** The feed of a journal without an engine, for tests of its followers. */
export const createJournalFeed = (
  journal: Pick<Journal, 'readFeed' | 'readKept' | 'readLast'>,
): Feed => new JournalFeed(journal, (work) => work());
