/**
 * Works that share a commit: works of one turn of the event loop are one transaction with one flush, in order.
 *
 * 1. Each work is a savepoint: where it throws, its writes alone are taken back, and its caller alone hears of it.
 *    A disk that is full or fails is everybody's error.
 * 2. Nobody hears of a work before it is committed. Where the commit fails, all its works have failed.
 * 3. A work runs in the async context of its caller, so that it is logged and traced as its caller's.
 */
import { AsyncResource } from 'node:async_hooks';
import type { DatabaseSync } from 'node:sqlite';
import { isBroken, isFull, runPart } from '@baton/sqlite';

/** Tells a caller what became of its work. */
type Tell = () => void;
interface Pending {
  readonly run: () => Tell;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #transact: (works: () => readonly Tell[]) => readonly Tell[];
  #pending: Pending[] = [];

  /** `transact` commits all that the works wrote, or throws. */
  constructor(database: DatabaseSync, transact: (works: () => readonly Tell[]) => readonly Tell[]) {
    this.#database = database;
    this.#transact = transact;
  }

  /** Resolves with what `work` returned, once that is committed. */
  add<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = AsyncResource.bind((): Tell => {
        try {
          const result = runPart(this.#database, work);
          return () => resolve(result);
        } catch (error) {
          if (isFull(error) || isBroken(error)) throw error;
          return () => reject(error);
        }
      });
      if (this.#pending.push({ run, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  /** Commits at once, rather than at the end of this turn. */
  flush(): void {
    const works = this.#pending;
    if (works.length === 0) return;
    this.#pending = [];
    try {
      for (const tell of this.#transact(() => works.map(({ run }) => run()))) tell();
    } catch (error) {
      for (const { reject } of works) reject(error);
    }
  }
}
