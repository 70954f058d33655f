/** Who goes first when there are fewer places than runs that could go on. */
export const priorities = ['undo', 'in-flight', 'new', 'repair'] as const;
export type Priority = (typeof priorities)[number];

/** First in, first out within a priority. Not bounded by itself: the engine bounds how many runs are open. */
export interface RunQueue<T> {
  add(item: T, priority: Priority): void;
  /** `passedOver`: those have all the places that they may have. */
  take(passedOver?: Priority | null): T | undefined;
  remove(item: T): void;
  size(): number;
}

export function createRunQueue<T>(): RunQueue<T> {
  const lines = {
    undo: new Set<T>(),
    'in-flight': new Set<T>(),
    new: new Set<T>(),
    repair: new Set<T>(),
  };
  const remove = (item: T): void => {
    for (const priority of priorities) lines[priority].delete(item);
  };
  return {
    add(item, priority) {
      // In one line at a time: an item that was taken twice would be moved by two drivers.
      for (const other of priorities) if (other !== priority) lines[other].delete(item);
      lines[priority].add(item);
    },
    take(passedOver = null) {
      for (const priority of priorities) {
        const [first] = priority === passedOver ? [] : lines[priority];
        if (first === undefined) continue;
        lines[priority].delete(first);
        return first;
      }
      return undefined;
    },
    remove,
    size: () => priorities.reduce((sum, priority) => sum + lines[priority].size, 0),
  };
}
