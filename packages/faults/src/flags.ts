/** The faults file as feature flags: an OpenFeature provider over flagd's evaluator. */
import type { Log } from '@baton/telemetry';
import type { FlagdCore } from '@openfeature/flagd-core';
import { type EvaluationContext, OpenFeature, type Provider } from '@openfeature/server-sdk';
import { noFaults, parseFaults, readFaultText } from './fault-file.ts';
import { silent, toFlagdCore } from './flagd-core.ts';

export interface Flags {
  /** The value that a flag has for this context; undefined when there is no such flag. Never rejects. */
  readonly evaluate: (flag: string, context: EvaluationContext) => Promise<unknown>;
}

const createProvider = (core: () => FlagdCore): Provider => ({
  metadata: { name: 'faults-file' },
  runsOn: 'server',
  resolveBooleanEvaluation: async (...asked) => core().resolveBooleanEvaluation(...asked),
  resolveStringEvaluation: async (...asked) => core().resolveStringEvaluation(...asked),
  resolveNumberEvaluation: async (...asked) => core().resolveNumberEvaluation(...asked),
  resolveObjectEvaluation: async (...asked) => core().resolveObjectEvaluation(...asked),
});

/**
 * The text is read again for every question: a fault that was switched on must hit the very next order, and no watcher
 * sees all ways in which a file behind links is replaced.
 */
function createReload(file: string, log: Log): () => FlagdCore {
  let core = toFlagdCore(noFaults);
  let loaded = noFaults;
  let told = '';
  return () => {
    try {
      const text = readFaultText(file);
      if (text !== loaded) {
        parseFaults(text, file);
        core = toFlagdCore(text);
        loaded = text;
      }
      told = '';
    } catch (error) {
      const { message: reason } = error instanceof Error ? error : { message: String(error) };
      if (reason !== told)
        log.warn({ file, reason }, 'faults cannot be read: the last good ones stay');
      told = reason;
    }
    return core;
  };
}

/** OpenFeature knows providers by domain; each opened file is one. */
let opened = 0;

export async function openFlags({
  file,
  log,
}: {
  readonly file: string;
  readonly log: Log;
}): Promise<Flags> {
  const read = createReload(file, log);
  read();
  opened += 1;
  const domain = `faults-${opened}`;
  await OpenFeature.setProviderAndWait(domain, createProvider(read));
  const client = OpenFeature.getClient(domain).setLogger(silent);
  return {
    evaluate: (flag, context) => client.getObjectValue(flag, {}, context),
  };
}
