import { describe, expect, it } from 'vitest';
import { readPage } from './page.ts';

const ids = [5, 4, 3, 2, 1];
const read = (beforeId: number, limit: number) =>
  ids
    .filter((id) => id < beforeId)
    .slice(0, limit)
    .map((id) => ({ id }));

function walk(limit: number): readonly (readonly number[])[] {
  const pages: (readonly number[])[] = [];
  let cursor: string | undefined;
  do {
    const page = readPage({ limit, cursor }, read);
    pages.push(page?.rows.map(({ id }) => id) ?? []);
    cursor = page?.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

describe('a page', () => {
  it('leads to the next until every row was seen once', () => {
    expect(walk(2)).toEqual([[5, 4], [3, 2], [1]]);
  });

  it('has no next page when the rows end exactly with it', () => {
    expect(walk(5)).toEqual([[5, 4, 3, 2, 1]]);
  });

  it.each(['x', '-1', '1e3', ''])('is none when the cursor is %j', (cursor) => {
    expect(readPage({ limit: 2, cursor }, read)).toBeUndefined();
  });
});
