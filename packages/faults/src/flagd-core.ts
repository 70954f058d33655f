/** flagd's evaluator over one text of flags. */
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';
import type { Logger } from '@openfeature/server-sdk';

function ignore() {}
/** What cannot be evaluated hits nobody; what cannot be loaded is thrown, and told by whoever loads it. */
export const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Strict: a rule with a slip in it would otherwise be taken, and do nothing. Throws on anything else than flags. */
export function toFlagdCore(text: string): FlagdCore {
  const storage = new MemoryStorage(silent, { disableDynamicCodeGeneration: true });
  storage.setConfigurations(text, true);
  return new FlagdCore(storage, silent);
}
