/** The cells of the failure matrix: everything that can go wrong at one place of the workflow, and what cannot. */
import { type FaultKind, type FaultOperation, faultKinds } from '@baton/contracts';
import { type FaultFacts, listFaultFacts, type Moment, moments } from './fault-facts.ts';

/** Where the workflow calls an operation. */
export interface Place {
  readonly operation: FaultOperation;
  readonly step: string;
  readonly direction: 'forward' | 'undo';
  readonly way: 'first' | 'alternate';
  /** The place relative to the pivot. */
  readonly pivot: 'before' | 'at' | 'after';
  /** Its step has another way, at another participant. */
  readonly hasOtherProvider: boolean;
  /** Its step has another way, by the same operation: a fault breaks both. */
  readonly hasOtherChannel: boolean;
  /** Attempts after which Baton gives up. */
  readonly attemptsMax: number;
  /** The request there, if each earlier step answered its contract's example. */
  readonly body: unknown;
}

/** What else is broken, so that the operation is called at all. */
export const allCircumstances = {
  alone: 'nothing else is broken',
  'first-not-done': 'the first way failed and did nothing',
  'first-done': 'the first way did it, and its answers were lost',
  'effect-known': 'its effect is known to be there, and a later step is refused',
  'effect-lost': 'its effect is there, and the answers were lost',
  'effect-absent': 'its effect is not there, and nobody knows',
} as const;
export type Circumstance = keyof typeof allCircumstances;

export const lastings = ['once', 'until given up'] as const;
export type Lasting = (typeof lastings)[number];

interface Question {
  readonly operation: FaultOperation;
  readonly kind: FaultKind;
  readonly moment: Moment;
  readonly circumstance: Circumstance;
  readonly lasting: Lasting;
}
export interface Cell extends Question {
  readonly place: Place;
  readonly facts: FaultFacts;
  /** In baggage's form: the other faults, then the fault itself. */
  readonly faults: readonly string[];
}
export interface Impossible extends Question {
  /** The part of the question that is impossible. */
  readonly what: string;
  readonly reason: string;
}
export interface Matrix {
  readonly cells: readonly Cell[];
  readonly impossible: readonly Impossible[];
}

export function createMatrix(places: readonly Place[]): Matrix {
  const drawn = listQuestions(places).flatMap((question) => draw(question, places));
  return {
    cells: drawn.filter((one): one is Cell => 'place' in one),
    impossible: drawn.filter((one): one is Impossible => 'reason' in one),
  };
}

export const describeCell = ({ operation, facts, moment, lasting, circumstance }: Cell): string =>
  `${operation}: ${facts.name} ${moment} the commit, ${lasting}, where ${allCircumstances[circumstance]}`;

/** No answer comes within the deadline. */
export const isSilent = ({ facts }: Cell): boolean => facts.code === 'timed-out';

/** The operations that the workflow calls, in its order. Nothing befalls an order at any other. */
export const listCalled = (places: readonly Pick<Place, 'operation'>[]): FaultOperation[] => [
  ...new Set(places.map(({ operation }) => operation)),
];

const listQuestions = (places: readonly Place[]): Question[] =>
  listCalled(places).flatMap((operation) => {
    const circumstances = listCircumstances(operation, places);
    return faultKinds.flatMap((kind) =>
      moments.flatMap((moment) =>
        lastings.flatMap((lasting) =>
          circumstances.map((circumstance) => ({ operation, kind, moment, lasting, circumstance })),
        ),
      ),
    );
  });

function listCircumstances(operation: FaultOperation, places: readonly Place[]): Circumstance[] {
  const place = findPlace(places, operation);
  if (place?.direction === 'undo') return ['effect-known', 'effect-lost', 'effect-absent'];
  return place?.way === 'alternate' ? ['first-not-done', 'first-done'] : ['alone'];
}

/** An operation that serves both ways of a step counts for the first. */
const findPlace = (places: readonly Place[], operation: FaultOperation): Place | undefined =>
  places.find((place) => place.operation === operation);

function draw(question: Question, places: readonly Place[]): (Cell | Impossible)[] {
  const { operation, kind, moment } = question;
  const place = findPlace(places, operation);
  if (!place) return [];
  const variants = listFaultFacts(operation, kind, moment);
  if (typeof variants === 'string')
    return [{ ...question, what: `${kind} ${moment} the commit`, reason: variants }];
  return variants.map((facts) => {
    const impossible = explainImpossible(question, place, facts);
    return impossible === null
      ? { ...question, place, facts, faults: listFaults(question, place, { facts, places }) }
      : { ...question, ...impossible };
  });
}

/** Null where the cell can happen. */
function explainImpossible(
  { operation, kind, circumstance, lasting }: Question,
  place: Place,
  { name, heard }: FaultFacts,
): Pick<Impossible, 'what' | 'reason'> | null {
  if (circumstance === 'effect-known' && place.pivot === 'at')
    return {
      what: `${operation} where ${allCircumstances[circumstance]}`,
      reason: 'Baton undoes nothing after a payment that is known to be made.',
    };
  const reason = lasting === 'once' ? null : whyNeverGivenUp[heard];
  return reason === null
    ? null
    : { what: `${heard === 'refused' ? kind : name} until given up`, reason };
}

const whyNeverGivenUp: Readonly<Record<FaultFacts['heard'], string | null>> = {
  ok: 'Every attempt succeeds, so Baton never gives up.',
  refused: 'One refusal is final: see `once`.',
  hopeless: 'One such answer is enough to give up: see `once`.',
  unclear: null,
};

function listFaults(
  { kind, circumstance, lasting }: Question,
  place: Place,
  { facts, places }: { readonly facts: FaultFacts; readonly places: readonly Place[] },
): string[] {
  const times = lasting === 'once' ? 1 : place.attemptsMax;
  const fault = [place.operation, kind, ...facts.settings, `times=${times}`].join(':');
  return [...listBefore(circumstance, place, places), fault];
}

/** The faults that lead to a call of the operation. They last: no times. */
function listBefore(
  circumstance: Circumstance,
  { step, way }: Place,
  places: readonly Place[],
): string[] {
  const forward = places.filter(({ direction }) => direction === 'forward');
  const ofStep = forward.filter((place) => place.step === step);
  const breakWay = (wanted: Place['way'], kind: 'reset' | 'lost-reply'): string[] =>
    ofStep.filter((place) => place.way === wanted).map(({ operation }) => `${operation}:${kind}`);
  const firstFailed = way === 'alternate' ? breakWay('first', 'reset') : [];
  switch (circumstance) {
    case 'alone':
      return [];
    case 'first-not-done':
      return breakWay('first', 'reset');
    case 'first-done':
      return breakWay('first', 'lost-reply');
    case 'effect-known':
      return forward
        .filter((place) => place.pivot === 'at' && place.way === 'first')
        .map(({ operation }) => `${operation}:decline`);
    case 'effect-lost':
      return [...firstFailed, ...breakWay(way, 'lost-reply')];
    case 'effect-absent':
      return [...firstFailed, ...breakWay(way, 'reset')];
    default:
      return circumstance satisfies never;
  }
}
