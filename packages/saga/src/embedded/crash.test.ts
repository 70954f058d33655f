import { createMemoryHost } from '../fixtures/story.ts';
import { describeCrashes } from '../testing/suites/crash-suite.ts';

describeCrashes('in memory', createMemoryHost);
