import '../node-version.ts';

export { createJournalFeed } from './journal-feed.ts';
export { createMemoryJournal, createMemoryStore, dueNow } from './memory-journal.ts';
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
