import { createSqliteHouse } from './fixtures/sqlite-house.ts';
import { describeJournal } from './testing/suites/journal-suite.ts';

describeJournal('on SQLite', createSqliteHouse);
