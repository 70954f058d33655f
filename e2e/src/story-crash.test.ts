import { describe, expect, it } from 'vitest';
import { openStories, stories } from './stories.ts';
import { play } from './story.ts';
import { describeStories } from './story-crash.ts';

describeStories(stories.filter(({ isLong }) => !isLong));

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
    }
    expect([...seen].sort()).toEqual(['compensated', 'completed']);
  }, 300_000);
});

const isKept = (row: unknown): boolean =>
  typeof row === 'object' && row !== null && 'status' in row && row.status === 'taken';
