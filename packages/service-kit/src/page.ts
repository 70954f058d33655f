/** Pages of rows, newest first; the cursor is the id of the previous page's last row. */
interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}
export interface Page<T> {
  readonly rows: readonly T[];
  readonly nextCursor: string | null;
}

const cursorPattern = /^\d{1,15}$/;

/**
 * `read` selects at most `limit` rows with an id below `beforeId`, newest first.
 * Undefined when the cursor is not ours.
 */
export function readPage<T extends { readonly id: number }>(
  { limit, cursor }: PageQuery,
  read: (beforeId: number, limit: number) => readonly T[],
): Page<T> | undefined {
  if (cursor !== undefined && !cursorPattern.test(cursor)) return undefined;
  const beforeId = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  // One more than asked for tells whether there is a next page.
  const found = read(beforeId, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows,
    nextCursor: found.length > limit && last !== undefined ? String(last.id) : null,
  };
}
