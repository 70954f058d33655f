/** The points at which a story is interrupted, and what must be the same afterwards. */
import type { Ending, Story } from '../src/story.ts';

/** At even distances in a long story: it has up to four thousand points, which would take minutes. */
const pickedMax = 6;

export function listPoints({ isLong, crashesMax }: Story, points: number): number[] {
  const step = isLong ? Math.ceil(points / pickedMax) : 1;
  const last = isLong ? points : Math.min(points, crashesMax ?? points);
  return Array.from({ length: Math.ceil(last / step) }, (_, i) => 1 + i * step);
}

export const toWhole = ({ status, effects, books, repairs }: Ending) => ({
  status,
  effects: effects.toSorted(),
  books,
  repairs,
});
