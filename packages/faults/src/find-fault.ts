/**
 * Which fault hits an attempt. The same question has the same answer in every process with the same flags, so the
 * orchestrator knows what hit an attempt without an answer.
 */
import { Fault, findParticipant } from '@baton/contracts';
import { readBaggage } from './baggage.ts';
import { toFlag } from './flag.ts';
import { toFlagdCore } from './flagd-core.ts';
import type { Flags } from './flags.ts';

export interface FaultQuestion {
  /** Such as `payment.process`. */
  readonly operation: string;
  readonly orderId: string;
  readonly attempt: number;
  readonly baggage: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A repeated question has the same answer: a fraction is drawn from the order, the attempt and the operation. */
const toContext = ({ orderId, attempt, now }: FaultQuestion) => ({
  targetingKey: `${orderId}#${attempt}`,
  orderId,
  attempt,
  nowMs: now,
});

/** Faults of the request come before faults for all. */
export async function findFault(
  flags: Pick<Flags, 'evaluate'>,
  question: FaultQuestion,
): Promise<Fault | undefined> {
  const { operation, baggage } = question;
  const context = toContext(question);
  const carried = readBaggage(baggage).faults.filter((fault) => fault.operation === operation);
  for (const { fault } of carried) {
    const core = toFlagdCore(JSON.stringify({ flags: { [operation]: toFlag(fault) } }));
    const hit = Fault.safeParse(core.resolveObjectEvaluation(operation, {}, context).value);
    if (hit.success) return hit.data;
  }
  return Fault.safeParse(await flags.evaluate(operation, context)).data;
}

/** A second instance of a program has faults of its own, under its own name. */
export const toFaultName = (operation: string, participant: string): string =>
  operation.replace(/^[^.]+/, (own) => findParticipant(participant)?.faultPrefix ?? own);
