/** What each fault does, in words, and which participant has which operations. */
import type { Fault, FaultState } from '@baton/contracts';

export type FaultKind = Fault['kind'];

const crashAfter = 'crash-after';
/** A kind of fault, or one with a setting that teaches something else. */
export type FaultChoice = FaultKind | typeof crashAfter;

export const kindWords: Readonly<Record<FaultKind, string>> = {
  latency: 'answers late',
  status: 'answers 503, nothing is done',
  overload: 'answers 429, nothing is done',
  hang: 'does not answer',
  reset: 'cuts the connection, nothing is done',
  'lost-reply': 'does it, and the answer is lost',
  duplicate: 'is asked twice',
  late: 'cuts the connection, and does it later',
  malformed: 'does it, and answers nonsense',
  drip: 'does it, and answers byte by byte',
  crash: 'dies when it is asked, and is started again',
  decline: 'says no, for good',
};

export const choiceWords: Readonly<Record<FaultChoice, string>> = {
  ...kindWords,
  [crashAfter]: 'does it, dies before it answers, and is started again',
};

export const faultChoices = Object.keys(choiceWords) as readonly FaultChoice[];
export const faultKinds = Object.keys(kindWords) as readonly FaultKind[];

export interface FaultForm {
  readonly kind: FaultChoice;
  /** Empty texts are not set. */
  readonly times: string;
  readonly percent: string;
  readonly seconds: string;
  readonly order: string;
}

/** The fault as it is sent: only settings that were made. */
export function toFault({ kind, times, percent, seconds, order }: FaultForm, nowMs: number): Fault {
  const scope = {
    ...(times && { times: Number(times) }),
    ...(percent && Number(percent) < 100 && { fraction: Number(percent) / 100 }),
    ...(seconds && { until: new Date(nowMs + Number(seconds) * 1_000).toISOString() }),
    ...(order && { order }),
  };
  const chosen = kind === crashAfter ? { kind: 'crash', when: 'after' } : { kind };
  return { ...chosen, ...scope } as Fault;
}

/** Faults name operations after their participant, without its `-service`. */
export const isOf = (participant: string, operation: string): boolean =>
  operation.startsWith(`${participant.replace(/-service$/, '')}.`);

/** What a fault that is on does, in words. */
export const toWords = ({ kind, when }: NonNullable<FaultState['fault']>): string =>
  choiceWords[kind === 'crash' && when === 'after' ? crashAfter : kind];

export const isOn = ({ fault }: FaultState): boolean =>
  fault !== null && !(typeof fault.until === 'string' && Date.parse(fault.until) < Date.now());
