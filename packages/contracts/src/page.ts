import { z } from 'zod';

/** The number of the previous page's last row. */
const Cursor = z
  .string()
  .regex(/^\d{1,15}$/, 'take nextCursor of the page before')
  .meta({ id: 'Cursor' });

export const PageQuery = z.strictObject({
  limit: z.coerce.number<number | string>().int().min(1).max(100).default(50),
  cursor: Cursor.optional().meta({ description: 'nextCursor of the previous page' }),
});

/** Null on the last page. */
export const NextCursor = Cursor.nullable();
