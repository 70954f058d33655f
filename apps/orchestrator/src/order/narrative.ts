/** An order's life in plain words, from its events: what happened and why, what is owed, what happens next and when. */
import type { Event, Next, RunView, Saga, TriedEvent } from '@baton/saga';
import { findOwed, readWay } from '@baton/saga';
import { findDegraded, findWay, readTotal, toLiveStatus } from './order-view.ts';

type ParkedEvent = Extract<Event, { type: 'step-parked' | 'undo-parked' }>;

/** Lines of a story, the head first. `nowMs` says how far away the next try is. */
export function narrate(run: RunView, nowMs: number): string[] {
  const start = run.state.acceptedAt;
  const told = run.events.map(
    (event, place) =>
      `${toOffset(event.at - start)}  ${describeEvent(event, run)}${describeWait(event, run.events[place + 1])}`,
  );
  return [describeOrder(run), '', ...told, '', ...describeRest(run, nowMs)];
}

function describeOrder(run: RunView): string {
  const total = readTotal(run.state);
  const worth = total ? `, worth ${(total.amountMinor / 100).toFixed(2)} ${total.currency}` : '';
  const why = run.state.reason ? ` (${run.state.reason.code})` : '';
  return `Order ${run.id}${worth}: ${toLiveStatus(run)}${why}`;
}

/** Seconds since the order was accepted. */
const toOffset = (sinceMs: number): string => `${(sinceMs / 1_000).toFixed(3).padStart(9)} s`;

function describeEvent(event: Event, run: RunView): string {
  switch (event.type) {
    case 'accepted':
      return 'accepted, and on disk before anyone was told so';
    case 'cancel-requested':
      return `a cancellation was asked for: ${event.reason}`;
    case 'alternate-chosen':
      return `${event.step}: the first way is given up (${toWords(event.code)}); its alternate is tried`;
    case 'step-deferred':
      return `${event.step}: put off (${toWords(event.code)}); the order completes without it, and it is repaired later`;
    case 'compensation-decided':
      return describeDecision(event.code, event.step);
    case 'step-parked':
    case 'undo-parked':
      return describeParking(event, run);
    case 'retry-requested':
      return describeRetry(event.reason);
    case 'written-off':
      return describeWriteOff(event, run);
    case 'recovered':
      return 'the orchestrator had ended; it goes on from what is on disk';
    case 'attempt-started':
      return `${toAim(event)}: about to be tried; said before the call, so that a restart knows of it`;
    case 'quarantined':
      return 'set aside: the orchestrator ended in its calls too often; an operator must ask for a retry';
    case 'completed':
      return 'completed';
    case 'compensated':
      return findGivenUp(run).length > 0
        ? 'ended: all is undone but what was written off'
        : 'all is undone: no stock held, no money kept';
    default:
      return describeTry(event, run);
  }
}

const describeDecision = (code: string, step: string | null): string =>
  step === null
    ? `decided, for good: everything is undone, because it was ${code}`
    : `decided, for good: everything is undone, because of ${step} (${toWords(code)})`;

const toAim = ({ way, direction }: { way: string; direction: string }): string =>
  direction === 'undo' ? `the undo of ${way}` : way;

/** The watchdog says so itself, at the beginning of its reason. */
const describeRetry = (reason: string): string =>
  reason.startsWith('watchdog:')
    ? `the ${reason}; it is tried again`
    : `an operator asked for a retry: ${reason}`;

function describeWriteOff(
  event: Extract<Event, { type: 'written-off' }>,
  { saga }: RunView,
): string {
  const what = `an operator wrote off ${toAim(event)}: ${event.reason}`;
  return event.direction === 'undo'
    ? `${what}; what ${findParticipant(saga, event.way)} holds must be put right there by hand`
    : `${what}; it will not be done`;
}

/** Undos that nobody here makes any more. */
const findGivenUp = ({ state }: RunView): string[] =>
  Object.entries(state.ways).flatMap(([way, { writtenOff }]) =>
    writtenOff?.direction === 'undo' ? [way] : [],
  );

function describeParking({ type, way }: ParkedEvent, run: RunView): string {
  const what = type === 'undo-parked' ? `undo of ${way}` : way;
  const participant = findParticipant(run.saga, way);
  return `${what}: waits until ${participant} is well again; its breaker is open, and no attempt is used up`;
}

function describeTry(event: TriedEvent, run: RunView): string {
  const what = event.type.startsWith('undo-') ? `undo of ${event.way}` : event.way;
  const outcome = describeOutcome(event, findParticipant(run.saga, event.way), run);
  return `${what}, attempt ${event.attempt}: ${outcome}${describeNote(event)}`;
}

const describeNote = (event: TriedEvent): string => (event.note ? ` [${event.note}]` : '');

function describeOutcome(event: TriedEvent, participant: string, run: RunView): string {
  switch (event.type) {
    case 'step-succeeded':
      return `${participant} did it`;
    case 'step-refused':
      return `${participant} refused: ${event.code}; nothing happened there`;
    case 'step-unsent':
      return `could not be sent to ${participant} (${toWords(event.code)}); nothing happened there`;
    case 'step-unknown':
      return `${toWords(event.code)}; whether ${participant} did it is not known`;
    case 'undo-succeeded':
      return readWay(run.state, event.way).result === 'ok'
        ? `${participant} undid it`
        : `${participant} undid it, or never did it and now never will`;
    case 'undo-refused':
      return `refused by ${participant} (${event.code}); it is still owed`;
    case 'undo-unsent':
      return `could not be sent to ${participant} (${toWords(event.code)}); it is still owed`;
    case 'undo-unknown':
      return `${toWords(event.code)}; it is still owed`;
    default:
      return event satisfies never;
  }
}

/** Where the way is given up next, the time that was set for another try means nothing. */
const describeWait = (event: Event, next: Event | undefined): string =>
  'retryAt' in event &&
  event.retryAt > event.at &&
  next?.type !== 'compensation-decided' &&
  next?.type !== 'alternate-chosen'
    ? `; next try in ${toDuration(event.retryAt - event.at)}`
    : '';

const words: Readonly<Record<string, string>> = {
  interrupted: 'the orchestrator ended before an answer came',
  'timed-out': 'no answer in time',
  'connection-reset': 'the connection broke before an answer came',
  'connection-refused': 'nobody listens there',
  'connection-failed': 'the connection failed',
  'host-not-found': 'there is no such host',
  'malformed-reply': 'the answer broke the contract',
  'wrong-order': 'the answer was about another order',
};

const toWords = (code: string): string =>
  words[code] ?? code.replace(/^status-(\d+)$/, 'it answered $1');

const toDuration = (ms: number): string =>
  ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;

const findParticipant = (saga: Saga<unknown> | null, way: string): string =>
  findWay(saga, way)?.participant ?? 'its participant';

function describeRest(run: RunView, nowMs: number): string[] {
  if (!run.saga)
    return ['Its definition is not registered here: it waits for an orchestrator that knows it.'];
  const degraded = findDegraded(run.saga, run.state);
  const givenUp = findGivenUp(run);
  return [
    ...describeOwed(run.saga, run.state),
    ...(givenUp.length > 0 ? [`Written off: the undo of ${givenUp.join(', ')}.`] : []),
    ...(degraded.length > 0 ? [`Still to be done: ${degraded.join(', ')}.`] : []),
    run.state.isQuarantined
      ? 'It is set aside until an operator asks for a retry.'
      : describeNext(run, nowMs),
  ];
}

/** Set aside on its way, an order keeps what it has: nobody gives it back before an operator asks for a retry. */
function describeOwed(saga: Saga<unknown>, state: RunView['state']): string[] {
  const isUndoing = state.phase === 'compensating';
  const isHalfway = state.phase === 'forward' && state.isQuarantined;
  const owed = isUndoing || isHalfway ? findOwed(saga, state) : [];
  if (owed.length === 0) return ['Nothing is owed.'];
  const list = (ways: typeof owed) => ways.map(({ name }) => name).join(', ');
  if (isUndoing) return [`Owed: the undo of ${list(owed)}.`];
  const steps = owed.toReversed();
  const done = steps.filter(({ name }) => readWay(state, name).result === 'ok');
  const unclear = steps.filter((way) => !done.includes(way));
  return [
    ...(done.length > 0 ? [`Done, and kept meanwhile: ${list(done)}.`] : []),
    ...(unclear.length > 0 ? [`Perhaps done, which is not known: ${list(unclear)}.`] : []),
  ];
}

function describeNext({ next, state }: RunView, nowMs: number): string {
  switch (next?.type) {
    case undefined:
    case 'rest':
      return 'Nothing more will happen to it.';
    case 'wait': {
      const inMs = (next.held?.tryAt ?? next.until) - nowMs;
      const isHeld = next.held?.participants[next.way.participant] === 'parked';
      return `Next: ${toNextAim(next)}, in ${toDuration(inMs)}${isHeld ? '; its breaker is open' : ''}.`;
    }
    case 'perform':
      // Breakers live with the orchestrator: who only reads the journal knows that one was open.
      return isParked(state, next)
        ? `Next: ${toNextAim(next)}, as soon as its breaker lets it through.`
        : `Next: ${toNextAim(next)}, now or under way.`;
    case 'choose-alternate':
    case 'defer':
    case 'compensate':
    case 'finish':
      return 'Next: it goes on now.';
    default:
      return next satisfies never;
  }
}

type Aimed = Extract<Next, { type: 'wait' | 'perform' }>;

const toNextAim = ({ way, direction }: Aimed): string =>
  `${toAim({ way: way.name, direction })}, at ${way.participant}`;

function isParked(state: RunView['state'], { way, direction }: Aimed): boolean {
  const tried = readWay(state, way.name);
  return direction === 'undo' ? tried.undo.isParked : tried.isParked;
}
