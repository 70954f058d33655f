import { createSqliteHouse } from '../fixtures/sqlite-house.ts';
import { createMemoryJournal, createMemoryStore } from '../testing/memory-journal.ts';
import { describeEngineCare } from '../testing/suites/engine-care-suite.ts';
import { describeEngineClock } from '../testing/suites/engine-clock-suite.ts';
import { describeEngineGate } from '../testing/suites/engine-gate-suite.ts';
import { describeEnginePruning } from '../testing/suites/engine-pruning-suite.ts';
import { describeEngineRecovery } from '../testing/suites/engine-recovery-suite.ts';
import { describeEngineRepairs } from '../testing/suites/engine-repair-suite.ts';
import { describeEngineRows } from '../testing/suites/engine-rows-suite.ts';
import { describeEngine } from '../testing/suites/engine-suite.ts';
import type { JournalHouse } from '../testing/suites/journal-suite.ts';

function createMemoryHouse(): JournalHouse {
  const store = createMemoryStore();
  return { open: async () => createMemoryJournal(store), remove: () => {} };
}

const suites = [
  describeEngine,
  describeEngineClock,
  describeEnginePruning,
  describeEngineRecovery,
  describeEngineGate,
  describeEngineCare,
  describeEngineRepairs,
  describeEngineRows,
];
for (const describeSuite of suites) {
  describeSuite('in memory', createMemoryHouse);
  describeSuite('on SQLite', createSqliteHouse);
}
