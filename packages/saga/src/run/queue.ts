import { type Priority, priorities } from '../core/rest.ts';

/** Endless new work must not keep repairs waiting for ever: every so many runs, a repair goes first. */
const repairsEvery = 16;
const repairsFirst: readonly Priority[] = ['repair', ...priorities];

/** In which order priorities are asked for the next run, after `given` runs. */
export const toOrder = (given: number): readonly Priority[] =>
  given % repairsEvery === 0 ? repairsFirst : priorities;

/** First in, first out within a priority. Not bounded by itself: its owner bounds it. */
export class Queue<T> {
  readonly #lines: Readonly<Record<Priority, Set<T>>> = {
    undo: new Set(),
    'in-flight': new Set(),
    new: new Set(),
    repair: new Set(),
  };

  add(item: T, priority: Priority): void {
    // In one line at a time: an item that was taken twice would be moved by two drivers.
    for (const other of priorities) if (other !== priority) this.#lines[other].delete(item);
    this.#lines[priority].add(item);
  }

  take(priority: Priority): T | undefined {
    const line = this.#lines[priority];
    // Asked at every step of every run, and mostly in vain.
    if (line.size === 0) return undefined;
    const [first] = line;
    if (first !== undefined) line.delete(first);
    return first;
  }

  remove(item: T): void {
    for (const priority of priorities) this.#lines[priority].delete(item);
  }

  /** Of this priority and those before it; without one, of all. */
  size(upTo: Priority = 'repair'): number {
    const counted = priorities.slice(0, priorities.indexOf(upTo) + 1);
    return counted.reduce((sum, priority) => sum + this.#lines[priority].size, 0);
  }

  items(): T[] {
    return priorities.flatMap((priority) => [...this.#lines[priority]]);
  }
}
