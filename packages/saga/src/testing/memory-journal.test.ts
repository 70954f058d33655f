import { createMemoryJournal, createMemoryStore } from './memory-journal.ts';
import { describeJournal } from './suites/journal-suite.ts';

describeJournal('in memory', () => {
  const store = createMemoryStore();
  return { open: async () => createMemoryJournal(store), remove: () => {} };
});
