/** The same stories on the other host, with a crash at each step that its cluster records. */
import type { Clock } from '@baton/saga';
import { createRestateEngine } from '@baton/saga-restate';
import { createSimulatedCluster } from '@baton/saga-restate/simulated';
import { expect, test } from 'vitest';
import { openStories, stories } from '../src/stories.ts';
import { play, type Story, type StoryHost } from '../src/story.ts';
import { describeOpenStories, describeStories } from '../src/story-crash.ts';
import { listPoints, toWhole } from './story-points.ts';

function createHost(clock: Clock): StoryHost {
  const cluster = createSimulatedCluster(clock);
  return {
    open(options, crasher) {
      cluster.onPoint = () => {
        if (crasher.passes()) cluster.crash();
      };
      const nothing = (): void => {};
      // What the process that ended left behind sets no timer any more.
      const own: Clock = {
        now: clock.now,
        setTimer: (delayMs, ring) => (crasher.isDown() ? nothing : clock.setTimer(delayMs, ring)),
      };
      return createRestateEngine({ ...options, clock: own }, cluster.link);
    },
  };
}

const isLong = (story: Story): boolean => story.isLong === true;
describeStories(
  stories.filter((story) => !isLong(story)),
  createHost,
);
describeOpenStories(openStories, createHost);

test.for(stories.filter(isLong))(
  '$name: ends as on the embedded host, at whichever of some points the orchestrator crashes',
  async (story) => {
    const expected = toWhole(await play(story));
    const whole = await play(story, undefined, undefined, createHost);
    expect(toWhole(whole)).toEqual(expected);
    for (const crashAt of listPoints(story, whole.points)) {
      const ending = await play(story, crashAt, undefined, createHost);
      expect(toWhole(ending), `crash at point ${crashAt} of ${whole.points}`).toEqual(expected);
    }
  },
);
