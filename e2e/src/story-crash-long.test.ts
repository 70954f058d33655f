import { stories } from './stories.ts';
import { describeStories } from './story-crash.ts';

// Beside the others, so that nobody waits for these alone.
describeStories(stories.filter(({ isLong }) => isLong));
