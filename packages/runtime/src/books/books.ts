/** The books: what participants hold against what the runs say they moved. */
import type { Engine, EngineOptions } from '@baton/saga';

export interface Audited {
  /** In words; empty where the books balance. */
  readonly differences: readonly string[];
  /** Participants that did not answer. */
  readonly unreachable: readonly string[];
}

export interface Books {
  /** Undefined when the audit was called off, or runs could not be counted. */
  readonly audit: (signal: AbortSignal) => Promise<Audited | undefined>;
}

/** `open` is called once the engine runs, `carry` for each run that the engine prunes, from its first moment on. */
export interface BookKeeping {
  readonly carry?: EngineOptions['carry'];
  readonly open: (engine: Engine, now: () => number) => Books;
}

/** For an orchestrator without books. */
export const noBooks: BookKeeping = {
  open: () => ({ audit: async () => ({ differences: [], unreachable: [] }) }),
};
