import { type Priority, priorities } from '../core/rest.ts';

/** First in, first out within a priority. Not bounded by itself: whoever adds sees to that. */
export interface Queue<T> {
  add(item: T, priority: Priority): void;
  take(priority: Priority): T | undefined;
  remove(item: T): void;
  /** Of this priority and those before it; without one, of all. */
  size(upTo?: Priority): number;
  items(): T[];
}

/** New work without an end must not keep repairs waiting for ever: one place in so many is theirs. */
const repairsEvery = 16;
const repairsFirst: readonly Priority[] = ['repair', ...priorities];

/** Who goes first when the next place is given, after so many. */
export const toOrder = (given: number): readonly Priority[] =>
  given % repairsEvery === 0 ? repairsFirst : priorities;

export function createQueue<T>(): Queue<T> {
  const lines: Record<Priority, Set<T>> = {
    undo: new Set(),
    'in-flight': new Set(),
    new: new Set(),
    repair: new Set(),
  };
  return {
    add(item, priority) {
      // In one line at a time: an item that was taken twice would be moved by two drivers.
      for (const other of priorities) if (other !== priority) lines[other].delete(item);
      lines[priority].add(item);
    },
    take(priority) {
      const line = lines[priority];
      // Asked at every step of every run, and mostly in vain.
      if (line.size === 0) return undefined;
      const [first] = line;
      if (first !== undefined) line.delete(first);
      return first;
    },
    remove(item) {
      for (const priority of priorities) lines[priority].delete(item);
    },
    size(upTo = 'repair') {
      let sum = 0;
      for (const priority of priorities) {
        sum += lines[priority].size;
        if (priority === upTo) break;
      }
      return sum;
    },
    items: () => priorities.flatMap((priority) => [...lines[priority]]),
  };
}
