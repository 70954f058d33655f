/** The faults file as feature flags: an OpenFeature provider over flagd's evaluator, loaded again when the file changes. */
import { mkdirSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StartupProblem } from '@baton/service-kit/participant';
import type { Log } from '@baton/telemetry';
import type { FlagdCore } from '@openfeature/flagd-core';
import { type EvaluationContext, OpenFeature, type Provider } from '@openfeature/server-sdk';
import { noFaults, parseFaults, readFaultText } from './fault-file.ts';
import { silent, toFlagdCore } from './flagd-core.ts';

export interface Flags {
  /** The value that a flag has for this context; undefined when there is no such flag. Never rejects. */
  readonly evaluate: (flag: string, context: EvaluationContext) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

function load(file: string): FlagdCore {
  const text = readFaultText(file);
  parseFaults(text, file);
  return toFlagdCore(text);
}

const createProvider = (core: () => FlagdCore): Provider => ({
  metadata: { name: 'faults-file' },
  runsOn: 'server',
  resolveBooleanEvaluation: async (...asked) => core().resolveBooleanEvaluation(...asked),
  resolveStringEvaluation: async (...asked) => core().resolveStringEvaluation(...asked),
  resolveNumberEvaluation: async (...asked) => core().resolveNumberEvaluation(...asked),
  resolveObjectEvaluation: async (...asked) => core().resolveObjectEvaluation(...asked),
});

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupProblem([
      `${folder} cannot be used (${reason}): set DATA_DIR to a folder that this user may write to.`,
    ]);
  }
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
  let core = toFlagdCore(noFaults);
  const reload = () => {
    try {
      core = load(file);
    } catch (error) {
      const { message } = error instanceof Error ? error : { message: String(error) };
      log.warn({ file, reason: message }, 'faults cannot be read: the last good ones stay');
    }
  };
  // The folder, since the file is replaced, and need not be there yet. Read at once: whoever switched a fault on
  // and sends an order afterwards means that order.
  makeFolder(dirname(file));
  const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
    if (name === null || name === basename(file)) reload();
  });
  watcher.on('error', (error) => log.warn({ err: error }, 'faults are no longer reloaded'));
  reload();
  opened += 1;
  const domain = `faults-${opened}`;
  await OpenFeature.setProviderAndWait(
    domain,
    createProvider(() => core),
  );
  const client = OpenFeature.getClient(domain).setLogger(silent);
  return {
    evaluate: (flag, context) => client.getObjectValue(flag, {}, context),
    close: async () => watcher.close(),
  };
}
