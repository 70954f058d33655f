import { type Priority, priorities } from '../core/rest.ts';

/** First in, first out within a priority. Not bounded by itself: the scheduler bounds what it keeps in memory. */
export interface Queue<T> {
  add(item: T, priority: Priority): void;
  /** The next one of a priority, or of the first that has one. `passedOver`: those have all the places that they may have. */
  take(passedOver?: Priority | null, only?: Priority): T | undefined;
  has(priority: Priority): boolean;
  remove(item: T): void;
  /** Of this priority and those before it; without one, of all. */
  size(upTo?: Priority): number;
  items(): T[];
}

function takeFirst<T>(line: Set<T> | undefined): T | undefined {
  // Asked at every step of every run, and mostly in vain.
  if (!line || line.size === 0) return undefined;
  const [first] = line;
  if (first !== undefined) line.delete(first);
  return first;
}

/** New work without an end must not keep repairs waiting for ever: one place in so many is theirs. */
const repairsEvery = 16;
const repairsFirst: readonly Priority[] = ['repair', ...priorities];

/** Who goes first when the next place is given, after so many. */
export const toOrder = (given: number): readonly Priority[] =>
  given % repairsEvery === 0 ? repairsFirst : priorities;

export function createQueue<T>(): Queue<T> {
  const lines = new Map(priorities.map((priority) => [priority, new Set<T>()]));
  const remove = (item: T): void => {
    for (const line of lines.values()) line.delete(item);
  };
  return {
    add(item, priority) {
      // In one line at a time: an item that was taken twice would be moved by two drivers.
      for (const [other, line] of lines) if (other !== priority) line.delete(item);
      lines.get(priority)?.add(item);
    },
    take(passedOver = null, only) {
      if (only) return takeFirst(lines.get(only));
      for (const [priority, line] of lines)
        if (line.size > 0 && priority !== passedOver) return takeFirst(line);
      return undefined;
    },
    has: (priority) => (lines.get(priority)?.size ?? 0) > 0,
    remove,
    size(upTo) {
      let sum = 0;
      for (const [priority, line] of lines) {
        sum += line.size;
        if (priority === upTo) break;
      }
      return sum;
    },
    items: () => [...lines.values()].flatMap((line) => [...line]),
  };
}
