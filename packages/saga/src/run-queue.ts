/** Who goes first when there are fewer places than runs that could go on. */
export const priorities = ['undo', 'in-flight', 'new', 'repair'] as const;
export type Priority = (typeof priorities)[number];

/** First in, first out within a priority. Not bounded by itself: the engine bounds how many runs are open. */
export interface RunQueue<T> {
  add(item: T, priority: Priority): void;
  take(): T | undefined;
  size(): number;
}

export function createRunQueue<T>(): RunQueue<T> {
  const lines = {
    undo: new Set<T>(),
    'in-flight': new Set<T>(),
    new: new Set<T>(),
    repair: new Set<T>(),
  };
  return {
    add(item, priority) {
      // In one line at a time: an item that was taken twice would be moved by two drivers.
      for (const other of priorities) if (other !== priority) lines[other].delete(item);
      lines[priority].add(item);
    },
    take() {
      const line = priorities
        .map((priority) => lines[priority])
        .find((candidates) => candidates.size > 0);
      const [first] = line ?? [];
      if (line && first !== undefined) line.delete(first);
      return first;
    },
    size: () => priorities.reduce((sum, priority) => sum + lines[priority].size, 0),
  };
}
