/**
 * Whether a call is made for the first time. Restate repeats what it saw begin and not end; the engine must know, since
 * the effect of what began may exist. A mark is known to the process that gave it, and is taken once.
 *
 * 1. What comes back with a mark that this process does not know, or has taken, may have been made before.
 * 2. To be wrong about it is harmless that way round: an attempt is called unknown that never began.
 */
import { randomUUID } from 'node:crypto';

export interface FirstTries {
  mark(): string;
  /** True once for each mark. */
  take(mark: string): boolean;
}

/** Marks that are never taken belong to runs that only waited. */
const marksMax = 10_000;

export function createFirstTries(): FirstTries {
  const marks = new Set<string>();
  return {
    mark() {
      const mark = randomUUID();
      marks.add(mark);
      const [oldest] = marks;
      if (marks.size > marksMax && oldest) marks.delete(oldest);
      return mark;
    },
    take: (mark) => marks.delete(mark),
  };
}
