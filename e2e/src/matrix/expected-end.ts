/**
 * How an order that one fault hits must end: from the facts of the fault and the place, as a person would argue. It
 * shares nothing with the code that it judges.
 *
 * 1. Until the payment, an order that cannot complete is undone as a whole. After it, the order completes as a whole.
 * 2. A refusal is an answer; anything unclear is asked again under the same key, until it is given up.
 * 3. Effects that may exist are undone, and Baton tries until each undo is acknowledged.
 * 4. Another provider is asked once the first was given up, and has acknowledged that it keeps nothing.
 */
import type { Cell } from './cell.ts';
import type { FaultFacts } from './fault-facts.ts';

export interface ExpectedEnd {
  readonly status: 'completed' | 'compensated';
  /** Why the order was undone. */
  readonly code: string | null;
  /** Whether the customer had to wait for the message, or never gets it. */
  readonly degraded: 'no' | 'for a while' | 'for good';
  /** An undo was stuck, and came through in the end, without help. */
  readonly wasStuck: boolean;
  /** The provider that keeps the money. */
  readonly paidBy: 'first' | 'alternate' | null;
  readonly messages: number;
  readonly why: string;
}

export function expectedEnd(cell: Cell): ExpectedEnd {
  if (cell.place.direction === 'undo') return expectOfUndo(cell);
  const { facts } = cell;
  if (facts.heard === 'ok') return complete(cell, 'The call succeeds.');
  if (facts.heard === 'refused') return expectOfRefusal(cell);
  if (isGivenUp(cell)) return expectOfGivingUp(cell);
  return complete(
    cell,
    facts.done === 'no'
      ? 'Baton asks again, and the call succeeds.'
      : 'Baton asks again under the same key, so the effect happens once.',
  );
}

/** A refused undo is as good as given up: only a later try can help. */
const isGivenUp = ({ facts, lasting }: Cell): boolean =>
  facts.heard !== 'ok' && (facts.heard !== 'unclear' || lasting === 'until given up');

function expectOfRefusal(cell: Cell): ExpectedEnd {
  if (cell.place.pivot !== 'after')
    return compensate(cell, 'A refusal is final: Baton undoes what was done before.');
  return {
    ...complete(cell, 'The order is paid, so it stands; Baton repeats no refused call.'),
    degraded: 'for good',
    messages: 0,
  };
}

function expectOfGivingUp(cell: Cell): ExpectedEnd {
  const { place, facts } = cell;
  if (place.pivot === 'after')
    return {
      ...complete(
        cell,
        place.hasOtherChannel
          ? 'Baton gives up both channels, completes the order, and sends the message later.'
          : 'Baton gives up the step, completes the order, and does the step later.',
      ),
      degraded: 'for a while',
      // Two channels have two keys: both messages may go out, and harm nobody.
      messages: place.hasOtherChannel && facts.done !== 'no' ? 2 : 1,
    };
  if (place.way === 'first' && place.hasOtherProvider)
    return complete(
      cell,
      'Baton undoes what the first provider may have done, then pays at the other provider.',
    );
  return compensate(cell, whyUndone[facts.done]);
}

const whyUndone: Readonly<Record<FaultFacts['done'], string>> = {
  no: 'Baton gives up. The effect might exist, so Baton undoes it with the rest.',
  yes: 'Baton gives up. The effect exists, and Baton undoes it with the rest.',
  late: 'Baton gives up and undoes the order. The fence refuses the request that arrives later.',
};

function expectOfUndo(cell: Cell): ExpectedEnd {
  const wasStuck = isGivenUp(cell);
  const { place } = cell;
  const isFirstOfTwo = place.way === 'first' && place.hasOtherProvider;
  if (wasStuck) {
    const why = isFirstOfTwo
      ? 'The first provider may hold money, so Baton asks no other one, and repeats the undo until it succeeds.'
      : 'The undo is owed: Baton repeats it until it succeeds.';
    return { ...compensate(cell, why), wasStuck };
  }
  const why = cell.facts.heard === 'ok' ? 'The undo succeeds.' : 'Baton asks for the undo again.';
  return isFirstOfTwo
    ? complete(cell, `${why} Then Baton pays at the other provider.`)
    : compensate(cell, why);
}

const complete = (cell: Cell, why: string): ExpectedEnd => ({
  status: 'completed',
  code: null,
  degraded: 'no',
  wasStuck: false,
  paidBy: isFirstProviderOut(cell) ? 'alternate' : 'first',
  messages: 1,
  why,
});

const compensate = (cell: Cell, why: string): ExpectedEnd => ({
  status: 'compensated',
  code: toCode(cell),
  degraded: 'no',
  wasStuck: false,
  paidBy: null,
  messages: 0,
  why,
});

/** The payment was given up, in this cell or before it. */
const isFirstProviderOut = (cell: Cell): boolean =>
  cell.place.pivot === 'at' && (cell.circumstance !== 'alone' || isGivenUp(cell));

/** The decisive code: the fault's own, or that of the fault that made the undo run. */
function toCode({ place, circumstance, facts }: Cell): string | null {
  if (place.direction === 'forward') return facts.code;
  return circumstance === 'effect-known' ? 'payment-declined' : 'connection-reset';
}
