import { openStories, stories } from './stories.ts';
import { describeOpenStories, describeStories } from './story-crash.ts';

describeStories(stories.filter(({ isLong }) => !isLong));
describeOpenStories(openStories);
