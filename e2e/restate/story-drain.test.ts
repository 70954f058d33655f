/** Orders that move to a cluster: the first orchestrator is the embedded host, those after its crash finish its orders. */
import { createEngine } from '@baton/saga';
import { createMemoryJournal, type VirtualClock } from '@baton/saga/testing';
import { createDrainingEngine, createRestateEngine } from '@baton/saga-restate';
import { createSimulatedCluster } from '@baton/saga-restate/simulated';
import { expect, test } from 'vitest';
import { stories } from '../src/stories.ts';
import { play, type Story, type StoryHost } from '../src/story.ts';
import { listPoints, toWhole } from './story-points.ts';

function createHost(clock: VirtualClock): StoryHost {
  const cluster = createSimulatedCluster(clock);
  let lives = 0;
  return {
    async open(options, crasher) {
      lives += 1;
      const journal = crasher.wrapJournal(options.journal);
      if (lives === 1) return createEngine({ ...options, journal });
      cluster.onPoint = () => {
        if (crasher.passes()) cluster.crash();
      };
      const projection = createMemoryJournal();
      const engines = {
        cluster: await createRestateEngine({ ...options, journal: projection }, cluster.link),
        embedded: await createEngine({ ...options, journal }),
      };
      return createDrainingEngine({ ...engines, journal, addCarried: () => undefined });
    },
  };
}

function named(name: string): Story {
  const found = stories.find((story) => story.name === name);
  if (!found) throw new Error(`no story is called ${name}`);
  return found;
}

test.for(stories)(
  '$name: ends the same, whenever it is moved',
  { timeout: 300_000 },
  async (story) => {
    const whole = await play(story);
    for (const movedAt of listPoints(story, whole.points)) {
      const ending = await play(story, movedAt, undefined, createHost);
      expect(toWhole(ending), `moved at point ${movedAt} of ${whole.points}`).toEqual(
        toWhole(whole),
      );
    }
  },
);

test.for(["the payment's reply is lost", 'the payment is declined'].map(named))(
  '$name: ends the same, wherever the move crashes',
  { timeout: 300_000 },
  async (story) => {
    const whole = await play(story);
    // At the first point it is not accepted yet.
    for (let movedAt = 2; movedAt <= whole.points; movedAt++)
      for (let crashAt = 1; ; crashAt++) {
        const ending = await play(story, [movedAt, crashAt], undefined, createHost);
        const where = `moved at point ${movedAt}, crashed at point ${crashAt} after`;
        expect(toWhole(ending), where).toEqual(toWhole(whole));
        if (ending.lives < 3) break;
      }
  },
);
