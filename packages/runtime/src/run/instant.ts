/** RFC 3339 in UTC, from milliseconds since the epoch. */
export const toInstant = (atMs: number): string => new Date(atMs).toISOString();
