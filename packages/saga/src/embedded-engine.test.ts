import { createSqliteHouse } from './fixtures/sqlite-house.ts';
import { createMemoryJournal, createMemoryStore } from './testing/memory-journal.ts';
import { describeEngine } from './testing/suites/engine-suite.ts';

describeEngine('in memory', () => {
  const store = createMemoryStore();
  return { open: async () => createMemoryJournal(store), remove: () => {} };
});
describeEngine('on SQLite', createSqliteHouse);
