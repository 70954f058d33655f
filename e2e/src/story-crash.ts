/** One story, once without a crash and then with one at each point of it. */
import { findFaultContract } from '@baton/contracts';
import type { VirtualClock } from '@baton/saga/testing';
import { describe, expect, it } from 'vitest';
import { stories as allStories } from './stories.ts';
import { type Ending, type Plot, play, type Story, type StoryHost } from './story.ts';

/** The steps of the stories. */
const told = new Set(allStories.flatMap(({ effects }) => effects));
const isTold = (effect: string): boolean => told.has(effect);

/** How many effects stand of steps that no story has: an undo takes one back. */
const countOthers = (effects: readonly string[]): number =>
  effects
    .filter((effect) => !isTold(effect))
    .reduce((sum, effect) => sum + (findFaultContract(effect).kind === 'effect' ? 1 : -1), 0);

const toWhole = ({ status, effects, books, repairs }: Ending, { isUndoneInAnyOrder }: Story) => ({
  status,
  effects: isUndoneInAnyOrder ? effects.toSorted() : effects,
  books,
  repairs,
});

type CreateHost = (clock: VirtualClock) => StoryHost;

export function describeStories(stories: readonly Story[], createHost?: CreateHost): void {
  const playOn = (story: Story, crashAt?: number) => play(story, crashAt, undefined, createHost);
  describe.each(stories)('$name', (story) => {
    it('ends as it should when nothing crashes', async () => {
      const ending = await playOn(story);
      expect(ending.status).toBe(story.ends.status);
      expect(ending.effects.filter(isTold)).toEqual(story.effects);
      if (ending.status === 'compensated') expect(countOthers(ending.effects)).toBe(0);
      expect(ending.repairs).toBe(0);
      const usual = story.ends.status === 'completed' ? ['email'] : [];
      expect(ending.books.channels).toEqual(story.channels ?? usual);
      if (story.ends.code) expect(ending.code).toBe(story.ends.code);
    });

    it('ends the same, with the same effects, wherever the orchestrator crashes', async () => {
      const { points, ...whole } = await playOn(story);
      const last = Math.min(points, story.crashesMax ?? points);
      for (let crashAt = 1; crashAt <= last; crashAt++) {
        const ending = await playOn(story, crashAt);
        expect(toWhole(ending, story), `crash at point ${crashAt} of ${points}`).toEqual(
          toWhole({ ...whole, points }, story),
        );
      }
      process.stdout.write(`${story.name}: ${last} crash points\n`);
      // One play of the story for each of its points.
    }, 1_800_000);
  });
}

/** Their end depends on when the orchestrator dies. */
export function describeOpenStories(stories: readonly Plot[], createHost?: CreateHost): void {
  const playOn = (story: Plot, crashAt?: number) => play(story, crashAt, undefined, createHost);
  describe.each(stories)('$name', (story) => {
    it('leaves nothing behind, wherever the orchestrator crashes', async () => {
      const { points } = await playOn(story);
      const seen = new Set<string>();
      for (let crashAt = 1; crashAt <= points; crashAt++) {
        const { status, books } = await playOn(story, crashAt);
        const isWhole = status === 'completed';
        expect(books.held.length, `held after a crash at point ${crashAt}`).toBe(isWhole ? 1 : 0);
        const kept = books.money.filter((row) => isKept(row));
        expect(kept.length, `money kept after a crash at point ${crashAt}`).toBe(isWhole ? 1 : 0);
        seen.add(status);
      }
      expect([...seen].sort()).toEqual(['compensated', 'completed']);
    }, 300_000);
  });
}

const isKept = (row: unknown): boolean =>
  typeof row === 'object' && row !== null && 'status' in row && row.status === 'taken';
