/** What an orchestrator may compare: what participants hold against what the runs say they moved. */
import type { Engine, EngineOptions } from '@baton/saga';

export interface Audited {
  /** In words; none where the books balance. */
  readonly differences: readonly string[];
  /** Participants that did not answer. */
  readonly unreachable: readonly string[];
}

export interface Books {
  /** Undefined when it was called off, or runs could not be counted. */
  readonly audit: (signal: AbortSignal) => Promise<Audited | undefined>;
}

/** Made once the engine runs; what it carries of pruned runs is asked of it from the engine's first moment on. */
export interface BookKeeping {
  readonly carry?: EngineOptions['carry'];
  readonly open: (engine: Engine, now: () => number) => Books;
}

/** Of an orchestrator without books. */
export const noBooks: BookKeeping = {
  open: () => ({ audit: async () => ({ differences: [], unreachable: [] }) }),
};
