/** Tasks of an orchestrator whose past is measured. */
import { z } from 'zod';

export const HistoryTask = z.union([
  /** Says when it waits for the journal, or serves. */
  z.object({ await: z.enum(['waiting', 'serving']) }),
  /** Orders that are to end before it measures. */
  z.object({ fill: z.int() }),
]);
export const HistoryPlace = z.object({ path: z.string() });
export type HistoryTask = z.output<typeof HistoryTask>;
