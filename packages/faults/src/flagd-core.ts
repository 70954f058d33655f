/** flagd's evaluator over one text of flags. */
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';
import type { Logger } from '@openfeature/server-sdk';

function ignore() {}
/** A flag that cannot be evaluated hits no request; a text that cannot be loaded throws. */
export const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** Strict: otherwise a rule with a slip would be taken, and do nothing. Throws on anything else than flags. */
export function toFlagdCore(text: string): FlagdCore {
  const storage = new MemoryStorage(silent, { disableDynamicCodeGeneration: true });
  storage.setConfigurations(text, true);
  return new FlagdCore(storage, silent);
}
