/** What an open database file needs for as long as it is open. */
import type { DatabaseSync } from 'node:sqlite';
import { watchDamage } from './damage-watch.ts';
import type { Place } from './file-error.ts';
import { LogWiper } from './log-wiper.ts';
import { watchPlaces } from './place-watch.ts';

export class FileCare extends LogWiper {
  readonly #stopWatching: readonly (() => void)[];

  /** `onFailure`: the file can no longer be trusted, or nobody would find again what is written to it. */
  constructor(database: DatabaseSync, place: Place, onFailure: (error: unknown) => void) {
    super(database, onFailure);
    this.#stopWatching = [watchPlaces(place, onFailure), watchDamage(place, onFailure)];
  }

  override stop(): void {
    super.stop();
    for (const stop of this.#stopWatching) stop();
  }
}
