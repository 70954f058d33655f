import { z } from 'zod';

export const PageQuery = z.strictObject({
  limit: z.coerce.number<number | string>().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/)
    .optional()
    .meta({ description: 'nextCursor of the page before' }),
});

/** Null on the last page. */
export const NextCursor = z.string().max(128).nullable();
