/** A run as clients see it. Everything here follows from committed events, but for attempts in flight. */
import type { AttemptView, RunStatus, StepView } from '@baton/contracts';
import {
  type Direction,
  isTriedAlone,
  type Next,
  type PlannedStep,
  type PlannedWay,
  type RunState,
  type RunView,
  readWay,
  type Saga,
  type TriedEvent,
  toStatus,
} from '@baton/saga';
import type { z } from 'zod';
import { toIdField, type Workflow } from '../workflow.ts';
import { findTelling } from './event-table.ts';
import { isCancelledTooLate, isReplay, toAim } from './event-words.ts';
import { toInstant } from './instant.ts';
import type { ToLinks } from './run-links.ts';

type Status = z.infer<typeof RunStatus>;

export interface Shown {
  readonly workflow: Workflow;
  readonly toLinks: ToLinks;
}

export function toRunView(run: RunView, { workflow, toLinks }: Shown) {
  const { id, state, saga } = run;
  return {
    ...toIdField(workflow, id),
    status: toLiveStatus(run),
    version: state.version,
    createdAt: toInstant(state.acceptedAt),
    ...(state.settledAt !== null && { settledAt: toInstant(state.settledAt) }),
    ...workflow.summarize?.(state),
    ...(state.reason && { outcome: toOutcome(state.reason) }),
    steps: saga ? saga.plan.map((step) => toStepView(step, run, workflow)) : [],
    degraded: findDegraded(saga, state),
    owed: [...run.owed],
    writtenOff: toWrittenOff(state),
    quarantined: state.isQuarantined,
    inFlight: toInFlight(run),
    next: toNext(run),
    cancelRequested: state.cancelRequested,
    cancelTooLate: isCancelledTooLate(run),
    links: toLinks(workflow, id, state),
  };
}

/** Undos and steps that were written off: `68.00 EUR`, `at most 68.00 EUR` where nobody knows whether it was taken, or the step's name. */
export function listWrittenOff(workflow: Workflow, state: RunState): string[] {
  return Object.entries(state.ways).flatMap(([way, { writtenOff }]) =>
    writtenOff ? [describeWrittenOff(workflow, state, way)] : [],
  );
}

function describeWrittenOff(workflow: Workflow, state: RunState, way: string): string {
  const { writtenOff, result } = readWay(state, way);
  const isUndo = writtenOff?.direction === 'undo';
  const held = isUndo ? workflow.describeHeld?.(way, state) : undefined;
  if (!held) return toAim({ way, direction: isUndo ? 'undo' : 'forward' });
  return result === 'ok' ? held : `at most ${held}`;
}

/** An order without any answer yet is running all the same once its first call left. */
export const toLiveStatus = ({ state, attempt }: RunView): Status =>
  state.seq === 1 && attempt ? 'running' : toStatus(state);

/** Steps after the pivot without their effect: deferred, or refused. A written-off step is no longer missed. */
export function findDegraded(saga: Saga<unknown> | null, state: RunState): string[] {
  const open = saga?.plan.filter((step) => {
    const ways = toWays(step).map((way) => readWay(state, way.name));
    const isDone = ways.some(({ result, writtenOff }) => result === 'ok' || writtenOff);
    return step.kind === 'later' && !isDone;
  });
  return state.phase === 'completed' ? (open ?? []).map(({ name }) => name) : [];
}

/** Undefined where the definition is gone. */
export const findWay = (saga: Saga<unknown> | null, name: string): PlannedWay | undefined =>
  saga?.plan.flatMap(toWays).find((way) => way.name === name);

export const toWays = ({ first, alternate }: PlannedStep): PlannedWay[] =>
  alternate ? [first, alternate] : [first];

const toWrittenOff = ({
  ways,
}: RunState): { step: string; direction: Direction; reason: string; at: string }[] =>
  Object.entries(ways).flatMap(([step, { writtenOff }]) =>
    writtenOff ? [{ step, ...writtenOff, at: toInstant(writtenOff.at) }] : [],
  );

const toOutcome = ({ code, step }: NonNullable<RunState['reason']>) => ({
  code,
  ...(step !== null && { step }),
});

function toStepView(step: PlannedStep, run: RunView, workflow: Workflow): StepView {
  const ways = toWays(step);
  const names = new Set(ways.map(({ name }) => name));
  const attempts = run.events.flatMap((event) =>
    'attempt' in event && names.has(event.way) ? [toAttemptView(event)] : [],
  );
  const done = ways.find(({ name }) => readWay(run.state, name).result === 'ok');
  const result = done && workflow.toResult?.(done.name, run.state);
  return {
    name: step.name,
    participant: step.first.participant,
    status: toStepStatus(step, ways, run),
    ...(result && { result }),
    attempts,
  };
}

function toAttemptView(event: TriedEvent): AttemptView {
  const { direction, reply } = findTelling(event.type);
  return {
    number: event.attempt,
    direction,
    way: event.way.endsWith(':alt') ? 'alternate' : 'first',
    reply,
    ...('code' in event && { code: event.code }),
    ...(isReplay(event) && { replayed: true as const }),
    ...(event.note !== undefined && { note: event.note }),
    at: toInstant(event.startedAt),
    endedAt: toInstant(event.at),
  };
}

function toStepStatus(
  step: PlannedStep,
  ways: readonly PlannedWay[],
  run: RunView,
): StepView['status'] {
  const { state } = run;
  const known = ways.map((way) => readWay(state, way.name));
  const isUndoing = state.phase === 'compensating' || state.phase === 'compensated';
  const undone = isUndoing ? toUndoStatus(ways, run) : null;
  if (undone) return undone;
  if (known.some(({ result }) => result === 'ok')) return 'done';
  if (known.some(({ result }) => result === 'refused')) return 'refused';
  if (known.some(({ writtenOff }) => writtenOff)) return 'written-off';
  if (state.deferred.includes(step.name)) return 'deferred';
  const isTouched = known.some(({ attempts, unsents }) => attempts + unsents > 0);
  if (isUndoing) return isTouched ? 'failed' : 'skipped';
  if (known.some(({ isParked }) => isParked)) return 'parked';
  return isTouched || ways.some(({ name }) => name === run.attempt?.way) ? 'running' : 'waiting';
}

/** Null where there was nothing to undo. */
function toUndoStatus(
  ways: readonly PlannedWay[],
  { owed, state }: RunView,
): 'undoing' | 'written-off' | 'undone' | null {
  if (ways.some(({ name }) => owed.includes(name))) return 'undoing';
  const known = ways.map((way) => readWay(state, way.name));
  if (known.some(({ writtenOff }) => writtenOff)) return 'written-off';
  return known.some(({ undo }) => undo.done) ? 'undone' : null;
}

interface Flight {
  readonly step: string;
  readonly direction: Direction;
  readonly number: number;
  readonly since: string;
}

function toInFlight({ attempt }: RunView): Flight | null {
  if (!attempt) return null;
  const { way, direction, number, startedAt } = attempt;
  return { step: way, direction, number, since: toInstant(startedAt) };
}

function toNext({ next, attempt, state }: RunView): { what: string; at: string } | null {
  // The last event may be of a clock that was ahead.
  const toTime = (at: number): string => toInstant(Math.max(at, state.at));
  if (state.isQuarantined && !attempt)
    return { what: 'set aside, then tried again alone', at: toTime(state.restsUntil) };
  if (!next || next.type === 'rest' || attempt) return null;
  return next.type === 'wait'
    ? { what: describeWait(next), at: toTime(next.held?.tryAt ?? next.until) }
    : { what: describe(next) + toTurn(state), at: toInstant(state.at) };
}

/** A run that is tried alone may wait for others of its kind. */
const toTurn = (state: RunState): string =>
  isTriedAlone(state) ? ', alone and in its turn, since the orchestrator ended in its call' : '';

type Wait = Extract<Next, { type: 'wait' }>;

const whyHeld = {
  parked: ' (its breaker holds calls back)',
  full: ' (all its permits are taken)',
  none: '',
} as const;

function describeWait({ way, direction, held }: Wait): string {
  const why = held?.participants[way.participant] ?? 'none';
  return `waiting for ${way.participant}${whyHeld[why]}, next try of ${toAim({ way: way.name, direction })}`;
}

function describe(command: Next): string {
  switch (command.type) {
    case 'perform':
      return `${command.way.participant}: ${toAim({ way: command.way.name, direction: command.direction })}`;
    case 'wait':
      return describeWait(command);
    case 'alternate-chosen':
      return `the alternate of ${command.step}`;
    case 'step-deferred':
      return `completing without ${command.step}`;
    case 'compensation-decided':
      return `undoing, because of ${command.code}`;
    case 'completed':
    case 'compensated':
      return `ending ${command.type}`;
    case 'rest':
      return 'nothing';
    default:
      return command satisfies never;
  }
}
