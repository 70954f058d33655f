/** A run that is tried for days has a long history: the newest of it is drawn. */
import { plural } from '../words.ts';

const newestMax = 200;

export const listNewest = <T,>(all: readonly T[]): readonly T[] => all.slice(-newestMax);

interface EarlierProps {
  readonly count: number;
  /** Such as `event`. */
  readonly what: string;
}
export const Earlier = ({ count, what }: EarlierProps) =>
  count > newestMax ? (
    <p class="quiet">{plural(count - newestMax, `earlier ${what}`)} not shown.</p>
  ) : null;
