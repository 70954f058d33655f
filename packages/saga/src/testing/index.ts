export { createJournalFeed } from './journal-feed.ts';
export { createMemoryJournal, createMemoryStore } from './memory-journal.ts';
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts';
