/** A run's life in plain words, from its events: what happened and why, what is owed, what happens next and when. */
import type { Event, Next, RunView, Saga } from '@baton/saga';
import { findOwed, readWay } from '@baton/saga';
import { toOneLine } from '@baton/telemetry/one-line';
import type { Workflow } from '../workflow.ts';
import { findTelling } from './event-table.ts';
import { findForeign, findGivenUp, isOfUsedKey, toAim } from './event-words.ts';
import { findDegraded, findWay, listWrittenOff, toLiveStatus } from './run-view.ts';

/** Lines of a story, the head first, with what others wrote on one line each. `nowMs` says how far away the next try is. */
export function narrate(run: RunView, workflow: Workflow, nowMs: number): string[] {
  const start = run.state.acceptedAt;
  const told = tellEvents(run, workflow).map(
    ({ event, text }) => `${toOffset(event.at - start)}  ${text}`,
  );
  return [describeRun(run, workflow), '', ...told, '', ...describeRest(run, workflow, nowMs)].map(
    toOneLine,
  );
}

/** Texts of others stay as they are. */
export const tellEvents = (run: RunView, workflow: Workflow) =>
  run.events.map((event, place) => ({
    event,
    text: `${describeEvent(event, run, workflow)}${describeWait(event, run.events[place + 1])}`,
  }));

export function describeRun({ id, state, ...run }: RunView, workflow: Workflow): string {
  const described = workflow.describe?.(state);
  const written = listWrittenOff(workflow, state);
  const noun = workflow.noun.charAt(0).toUpperCase() + workflow.noun.slice(1);
  return [
    `${noun} ${id}${described ? `, ${described}` : ''}: ${toLiveStatus({ id, state, ...run })}`,
    ...(state.reason ? [` (${state.reason.code})`] : []),
    ...(written.length > 0 ? [`, ${written.join(', ')} written off`] : []),
  ].join('');
}

/** Seconds since it was accepted. */
const toOffset = (sinceMs: number): string => `${(sinceMs / 1_000).toFixed(3).padStart(9)} s`;

function describeEvent(event: Event, run: RunView, workflow: Workflow): string {
  const { sentence, direction } = findTelling(event.type);
  const participant = 'way' in event ? findWay(run.saga, event.way)?.participant : undefined;
  const said = `${sentence(event, participant ?? 'its participant', run)}${describeEffect(event, run, workflow)}`;
  if (direction === null || !('way' in event)) return said;
  const attempt = 'attempt' in event ? `, attempt ${event.attempt}` : '';
  const note = 'note' in event && event.note ? ` [${event.note}]` : '';
  return `${direction === 'undo' ? 'undo of ' : ''}${event.way}${attempt}: ${said}${note}`;
}

/** How much was moved, and under which id. */
function describeEffect(event: Event, { state }: RunView, workflow: Workflow): string {
  if (event.type === 'compensated')
    return workflow.undone && findGivenUp(state).length === 0 && !isOfUsedKey(state)
      ? `: ${workflow.undone}`
      : '';
  const words = event.type === 'step-succeeded' && workflow.describeResult?.(event.way, state);
  return words ? ` (${words})` : '';
}

const givingUp: ReadonlySet<string> = new Set([
  'alternate-chosen',
  'step-deferred',
  'compensation-decided',
]);
/** Where the way is given up next, the time of its next try means nothing. */
const describeWait = (event: Event, next: Event | undefined): string =>
  'retryAt' in event && event.retryAt > event.at && !(next && givingUp.has(next.type))
    ? `; next try in ${toDuration(event.retryAt - event.at)}`
    : '';

const toDuration = (ms: number): string =>
  ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;

export function describeRest(run: RunView, workflow: Workflow, nowMs: number): string[] {
  if (!run.saga)
    return ['Its definition is not registered here: it waits for an orchestrator that knows it.'];
  const degraded = findDegraded(run.saga, run.state);
  const givenUp = findGivenUp(run.state);
  const foreign = findForeign(run.state);
  return [
    ...describeOwed(run.saga, run.state, workflow),
    ...(givenUp.length > 0 ? [`Written off: the undo of ${givenUp.join(', ')}.`] : []),
    ...(foreign.length > 0
      ? [
          `Not undone, since an earlier ${workflow.noun} with this id did it: ${foreign.join(', ')}.`,
        ]
      : []),
    ...(degraded.length > 0 ? [`Still to be done: ${degraded.join(', ')}.`] : []),
    run.state.isQuarantined
      ? `It is set aside, and tried again alone in ${toDuration(run.state.restsUntil - nowMs)}.`
      : describeNext(run, nowMs),
  ];
}

/** Set aside on its way, a run keeps what it has until it is tried again. */
function describeOwed(
  saga: Saga<unknown>,
  state: RunView['state'],
  { describeOwed: describe }: Workflow,
): string[] {
  const isUndoing = state.phase === 'compensating';
  const isHalfway = state.phase === 'forward' && state.isQuarantined;
  const owed = isUndoing || isHalfway ? findOwed(saga, state) : [];
  if (owed.length === 0) return ['Nothing is owed.'];
  const list = (ways: typeof owed) => ways.map(({ name }) => name).join(', ');
  if (isUndoing) {
    const named = owed.map(({ name }) => [name, describe?.(name, state)] as const);
    const words = named.map(([name, what]) => (what ? `${name} (${what})` : name));
    return [`Owed: the undo of ${words.join(', ')}.`];
  }
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
      return `Next: ${toNextAim(next)}, in ${toDuration(inMs)}${isHeld ? '; its breaker holds calls back' : ''}.`;
    }
    case 'perform':
      // Breakers live with the orchestrator: a reader of the journal knows only that the breaker was open.
      return isParked(state, next)
        ? `Next: ${toNextAim(next)}, as soon as its breaker lets it through.`
        : `Next: ${toNextAim(next)}, now or under way.`;
    case 'alternate-chosen':
    case 'step-deferred':
    case 'compensation-decided':
    case 'completed':
    case 'compensated':
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
