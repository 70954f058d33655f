/** As the journal will hold it, so that a run sees the same value before a crash and after. Throws for what JSON refuses. */
export const toStored = (value: unknown): unknown => JSON.parse(JSON.stringify({ value })).value;
