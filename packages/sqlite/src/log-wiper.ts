/**
 * Empties the write-ahead log of erased fields. Not a checkpointer: SQLite keeps the log short.
 *
 * 1. An erased field is overwritten in the file, but stands in the log until the log is emptied.
 * 2. Under load the wiper waits: after emptying, each flush must make the log longer again, which costs more than overwriting.
 * 3. It waits for no reader, since it runs on the event loop.
 */
import type { DatabaseSync } from 'node:sqlite';
import { readNumber } from './cell.ts';
import { isFull } from './failure.ts';

/** The log is emptied after the first pause of this length, or after so many looks without one. */
const pauseMs = 1_000;
const looksMax = 60;

export class LogWiper {
  readonly #database: DatabaseSync;
  readonly #onFailure: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(database: DatabaseSync, onFailure: (error: unknown) => void) {
    this.#database = database;
    this.#onFailure = onFailure;
  }

  /** To be called when something was erased. */
  wipeSoon(): void {
    if (!this.#timer) this.#look(1, this.#countChanges());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(number: number, before: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      try {
        const now = this.#countChanges();
        const isTime = now === before || number >= looksMax;
        if (!isTime || !this.#wipe()) this.#look(number + 1, now);
      } catch (error) {
        if (isFull(error)) this.#look(number, before);
        else this.#onFailure(error);
      }
    }, pauseMs).unref();
  }

  #countChanges(): number {
    return this.#ask('SELECT total_changes() AS answer');
  }

  /** False while somebody reads what would be emptied. */
  #wipe(): boolean {
    const busyMs = this.#ask('SELECT timeout AS answer FROM pragma_busy_timeout');
    this.#database.exec('PRAGMA busy_timeout = 0');
    try {
      const [row] = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      return readNumber(row, 'busy') === 0;
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${busyMs}`);
    }
  }

  #ask(sql: string): number {
    return readNumber(this.#database.prepare(sql).get(), 'answer');
  }
}
