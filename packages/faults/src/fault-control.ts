/** Faults as the orchestrator sees them: it switches them, and knows which of its attempts were hit. */
import { faultHeader, faultKinds } from '@baton/contracts';
import type { Annotate } from '@baton/service-kit';
import type { Log } from '@baton/telemetry';
import { createFaultFile, type FaultFile } from './fault-file.ts';
import { findFault, toFaultName } from './find-fault.ts';
import { type Flags, openFlags } from './flags.ts';

export interface FaultControl extends FaultFile {
  /** For the client of a participant. */
  readonly annotateAs: (participant: string) => Annotate;
  readonly flags: Flags;
  readonly close: () => Promise<void>;
}

/** A participant may have no faults, or other flags: an answer says what hit it, and only silence is guessed at. */
const createAnnotate =
  (flags: Flags, now: () => number, participant: string): Annotate =>
  ({ operation, orderId, attempt, context }) => {
    const name = toFaultName(operation.name, participant);
    const { baggage } = context;
    const question = { operation: name, orderId, attempt, baggage, now: now() };
    const foreseen = findFault(flags, question);
    return async (exchange) => {
      const kind =
        exchange.kind === 'response'
          ? faultKinds.find((known) => known === exchange.response.headers[faultHeader])
          : (await foreseen)?.kind;
      return kind === undefined || exchange.kind === 'unsent'
        ? undefined
        : `injected ${name}:${kind}`;
    };
  };

export async function openFaultControl({
  file,
  log,
  now = Date.now,
}: {
  readonly file: string;
  readonly log: Log;
  readonly now?: () => number;
}): Promise<FaultControl> {
  const flags = await openFlags({ file, log });
  return {
    ...createFaultFile(file, now),
    annotateAs: (participant) => createAnnotate(flags, now, participant),
    flags,
    close: flags.close,
  };
}
