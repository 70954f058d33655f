import { afterAll, describe, expect, it } from 'vitest';
import { openStories, stories } from './stories.ts';
import { type Ending, play, type Story } from './story.ts';

let pointsPlayed = 0;
afterAll(() => process.stdout.write(`crash points played: ${pointsPlayed}\n`));

const toWhole = ({ status, effects, books, repairs }: Ending, { isUndoneInAnyOrder }: Story) => ({
  status,
  effects: isUndoneInAnyOrder ? effects.toSorted() : effects,
  books,
  repairs,
});

describe.each(stories)('$name', (story) => {
  it('ends as it should when nothing crashes', async () => {
    const ending = await play(story);
    expect(ending.status).toBe(story.ends.status);
    expect(ending.effects).toEqual(story.effects);
    expect(ending.repairs).toBe(0);
    const told = story.ends.status === 'completed' ? ['email'] : [];
    expect(ending.books.channels).toEqual(story.channels ?? told);
    if (story.ends.code) expect(ending.code).toBe(story.ends.code);
  });

  it('ends the same, with the same effects, wherever the orchestrator crashes', async () => {
    const { points, ...whole } = await play(story);
    const last = Math.min(points, story.crashesMax ?? points);
    for (let crashAt = 1; crashAt <= last; crashAt++) {
      const ending = await play(story, crashAt);
      expect(toWhole(ending, story), `crash at point ${crashAt} of ${points}`).toEqual(
        toWhole({ ...whole, points }, story),
      );
      pointsPlayed += 1;
    }
  }, 90_000);
});

describe.each(openStories)('$name', (story) => {
  it('leaves nothing behind, wherever the orchestrator crashes', async () => {
    const { points } = await play(story);
    const seen = new Set<string>();
    for (let crashAt = 1; crashAt <= points; crashAt++) {
      const { status, books } = await play(story, crashAt);
      const isWhole = status === 'completed';
      expect(books.held.length, `held after a crash at point ${crashAt}`).toBe(isWhole ? 1 : 0);
      const kept = books.money.filter((row) => isKept(row));
      expect(kept.length, `money kept after a crash at point ${crashAt}`).toBe(isWhole ? 1 : 0);
      seen.add(status);
      pointsPlayed += 1;
    }
    expect([...seen].sort()).toEqual(['compensated', 'completed']);
  }, 60_000);
});

const isKept = (row: unknown): boolean =>
  typeof row === 'object' && row !== null && 'status' in row && row.status === 'taken';
