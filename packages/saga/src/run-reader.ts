// Runs as the journal has them, folded anew from their events.
import type { Journal, StoredRun } from './journal.ts';
import type { Registry } from './registry.ts';
import { type RunState, tryReplay } from './state.ts';
import { createRun, type Run } from './worker.ts';

interface ReplayedRun extends StoredRun {
  readonly state: RunState;
}

export class RunReader {
  readonly #journal: Journal;
  readonly #registry: Registry;

  constructor(journal: Journal, registry: Registry) {
    this.#journal = journal;
    this.#registry = registry;
  }

  /** Undefined when it is not known, or its events make no sense. */
  replay(id: string): ReplayedRun | undefined {
    const stored = this.#journal.read(id);
    const state = stored && tryReplay(stored.events);
    return state && { ...stored, state };
  }

  /** A run to go on with. Undefined also when its definition is not registered. */
  load(id: string): Run | undefined {
    const stored = this.replay(id);
    const saga = stored && this.#registry.find(stored.state);
    return saga ? createRun(id, saga, stored.secrets, stored.state) : undefined;
  }
}
