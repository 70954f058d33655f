/** The orchestrator's side of faults: it switches them, and knows which of its attempts were hit. */
import { faultHeader, faultKinds } from '@baton/contracts';
import type { Annotate } from '@baton/service-kit';
import { hasToken } from '@baton/service-kit/participant';
import type { Log } from '@baton/telemetry';
import { mayCarry, readBaggage, sealBaggage } from './baggage.ts';
import { createFaultFile, type FaultFile } from './fault-file.ts';
import { findFault, toFaultName } from './find-fault.ts';
import { type Flags, openFlags } from './flags.ts';
import { type Killing, killParticipant, killStandby } from './kill.ts';

/** The faults that an order carries. */
export interface Carrying {
  readonly orderId: string;
  /** The baggage that travels with the order; undefined without any. */
  readonly baggage: string | undefined;
  /** The baggage as it came. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}
export type Admitted =
  | { readonly baggage: string | undefined }
  | { readonly problem: 'unauthorized' | 'bad-request'; readonly detail: string };

export interface FaultControl extends FaultFile {
  /** For the client of a participant. */
  readonly annotateAs: (participant: string) => Annotate;
  /** The order's baggage, with the seal for faults that an operator asked for. */
  readonly admit: (carrying: Carrying) => Admitted;
  readonly flags: Flags;
  /** Kills this process, once its answer has left. */
  readonly crash: () => void;
  /** Ends the process of a participant, and resolves once it serves again. */
  readonly kill: (participant: string) => Promise<Killing>;
  readonly killStandby: (isThere: () => Promise<boolean>) => Promise<Killing>;
}

const refuse = (detail: string) =>
  ({ problem: 'bad-request', detail: `baggage: ${detail}` }) as const;

function admit({ orderId, baggage, headers }: Carrying, token: string | undefined): Admitted {
  const { faults, slips } = readBaggage(baggage ?? headers.baggage);
  if (faults.length === 0 && slips.length === 0) return { baggage };
  if (token !== undefined && !hasToken(headers.authorization, token))
    return {
      problem: 'unauthorized',
      detail: 'baggage: faults that an order carries need the token of operators',
    };
  if (slips.length > 0) return refuse(slips.join('; '));
  if (baggage === undefined) return refuse('it is too long, or no header could hold it');
  if (token === undefined) return { baggage };
  const sealed = sealBaggage(baggage, orderId, token);
  return sealed === undefined ? refuse('it is too long') : { baggage: sealed };
}

interface Questioning {
  readonly now: () => number;
  readonly operatorToken: string | undefined;
}

const answerMs = 50;

/** A participant may have no faults, or other flags: an answer names its fault, and only without an answer the fault is guessed. */
const createAnnotate =
  (flags: Flags, { now, operatorToken }: Questioning, participant: string): Annotate =>
  ({ operation, orderId, attempt, context }) => {
    const name = toFaultName(operation.name, participant);
    const bearing = { orderId, baggage: context.baggage };
    const baggage = mayCarry(bearing, operatorToken) ? context.baggage : undefined;
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
  operatorToken,
  urls = {},
  now = Date.now,
}: {
  readonly file: string;
  readonly log: Log;
  readonly operatorToken?: string | undefined;
  /** The participants' addresses, by name: a participant without one is not killed. */
  readonly urls?: Readonly<Record<string, string>>;
  readonly now?: () => number;
}): Promise<FaultControl> {
  const flags = await openFlags({ file, log });
  return {
    ...createFaultFile(file, now),
    annotateAs: (participant) => createAnnotate(flags, { now, operatorToken }, participant),
    admit: (carrying) => admit(carrying, operatorToken),
    flags,
    crash: () => void setTimeout(() => process.kill(process.pid, 'SIGKILL'), answerMs),
    kill: (participant) => killParticipant(participant, { url: urls[participant], operatorToken }),
    killStandby: (isThere) => killStandby(file, isThere),
  };
}
