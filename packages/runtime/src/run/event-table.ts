/**
 * How each type of event is told: in the log, in the order's story, in its trace and in the figures. A type without an
 * entry does not compile.
 */
import type { Direction, Event, EventType, PlannedStep, RunView, TriedEvent } from '@baton/saga';
import { readWay } from '@baton/saga';
import type { SpanAttributes, SpanRecord } from '@baton/telemetry';
import {
  findGivenUp,
  isCancelledTooLate,
  isOfUsedKey,
  isOfWatchdog,
  isReplay,
  toAim,
  toCause,
  toStepName,
  toWayAttributes,
  toWords,
} from './event-words.ts';

/** Types of event about one call, or about a call that has to wait: the type's name says the call's direction. */
type CallType = TriedEvent['type'] | 'step-parked' | 'undo-parked';
export type EventOf<T extends EventType> = Event & { readonly type: T };

/** The spans that an event can be told with. */
export interface Spans {
  /** Of an attempt and of what came of it. */
  readonly call: (event: TriedEvent) => readonly SpanRecord[];
  /** Of something that takes no time. */
  readonly mark: (attributes: SpanAttributes) => readonly SpanRecord[];
  readonly restart: (event: EventOf<'recovered'>) => readonly SpanRecord[];
  /** Of the whole order. */
  readonly end: () => readonly SpanRecord[];
}

/** `warn`: a person should look. `debug`: every order goes through it, or Baton tries again. */
export type Level = 'warn' | 'info' | 'debug';
/** The run after the event. */
export type Logged = Pick<RunView, 'state' | 'saga'>;

export interface Telling<T extends EventType> {
  /** How loudly the log says it; null where it does not. */
  readonly log: Level | null | ((event: EventOf<T>, run: Logged) => Level);
  /** `participant`: called by the event's way. A `direction` is told before the sentence, with the way and the attempt. */
  readonly sentence: (event: EventOf<T>, participant: string, run: RunView) => string;
  readonly spans: (event: EventOf<T>, tell: Spans) => readonly SpanRecord[];
  /** The waits that the event ends. `own`: its way's. `timed`: all but waits for a breaker. */
  readonly ends: 'none' | 'own' | 'forward' | 'timed' | 'all';
  /** Counts orders by the event's step. Besides, all events are counted by type. */
  readonly counter: {
    readonly name: string;
    readonly help: string;
    /** Whether the event can happen to a step: the step's count is then 0 from the start. */
    readonly isOf: (step: PlannedStep) => boolean;
  } | null;
  /** Whether the event says what Baton or a person did about the run, beside its calls. */
  readonly isDeed: boolean;
  /** Null where the name of the type does not say it. */
  readonly direction: T extends CallType ? Direction : null;
  /** How an attempt ended. */
  readonly reply: T extends TriedEvent['type'] ? 'ok' | 'refused' | 'unsent' | 'unknown' : null;
}
export type Tellings = { readonly [T in EventType]: Telling<T> };

const tellNone = () => [];
const tellCall = (event: TriedEvent, { call }: Spans) => call(event);
const tellEnd = (_event: Event, { end }: Spans) => end();

const isLater = (saga: Logged['saga'], way: string): boolean =>
  saga?.plan.some(({ name, kind }) => kind === 'later' && name === toStepName(way)) ?? false;

const ofOrder = { counter: null, direction: null, reply: null, isDeed: true } as const;
const ofStep = {
  ...ofOrder,
  log: 'info',
  spans: ({ step, code }: { step: string | null; code: string }, { mark }: Spans) =>
    mark({ 'baton.step': step ?? undefined, 'baton.code': code }),
  ends: 'forward',
} as const;
const ofCall = { log: 'debug', ends: 'own', counter: null, isDeed: false } as const;
const ofTry = { ...ofCall, spans: tellCall, direction: 'forward' } as const;
const ofUndo = { ...ofCall, spans: tellCall, direction: 'undo' } as const;
/** Baton tries the undo again in any case. Out of attempts, a person should look. */
const ofFailedUndo = {
  ...ofUndo,
  log: ({ exhausted }: { exhausted: boolean }): Level => (exhausted ? 'warn' : 'debug'),
} as const;
/** A wait has its span once it is over. */
const ofWait = {
  ...ofCall,
  sentence: (_event: Event, at: string) =>
    `waits until ${at} is well again; its breaker holds calls back, and no attempt is used up`,
  spans: tellNone,
  reply: null,
} as const;

export const tellings: Tellings = {
  accepted: {
    ...ofOrder,
    isDeed: false,
    log: 'debug',
    sentence: () => 'accepted, and on disk before anyone was told so',
    // The root span begins before this event.
    spans: tellNone,
    ends: 'none',
  },
  'step-succeeded': {
    ...ofTry,
    log: null,
    reply: 'ok',
    sentence: (event, at) =>
      isReplay(event)
        ? `${at} had done it for an earlier attempt, and says so now`
        : `${at} did it`,
  },
  'step-refused': {
    ...ofTry,
    // The decision to undo the order says it again. A deferred step leads to none.
    log: ({ way }, { saga }) => (isLater(saga, way) ? 'info' : 'debug'),
    reply: 'refused',
    sentence: ({ code }, at) => `${at} refused: ${toWords(code)}; nothing happened there`,
  },
  'step-unsent': {
    ...ofTry,
    reply: 'unsent',
    sentence: ({ code }, at) =>
      `could not be sent to ${at} (${toWords(code)}); nothing happened there`,
  },
  'step-unknown': {
    ...ofTry,
    reply: 'unknown',
    sentence: ({ code }, at) => `${toWords(code)}; whether ${at} did it is not known`,
  },
  'step-parked': { ...ofWait, direction: 'forward' },
  'alternate-chosen': {
    ...ofStep,
    sentence: ({ step, code }) =>
      `${step}: the first way is given up (${toWords(code)}); its alternate is to take its place`,
    counter: {
      name: 'baton_alternates_chosen_total',
      help: 'Orders whose step was given to its alternate, by step',
      isOf: ({ alternate }) => alternate !== null,
    },
  },
  'step-deferred': {
    ...ofStep,
    sentence: ({ step, code }) =>
      `${step}: deferred (${toWords(code)}); the order completes without it, and it is done later`,
    counter: {
      name: 'baton_steps_deferred_total',
      help: 'Orders that completed before a step was done, by step',
      isOf: ({ kind }) => kind === 'later',
    },
  },
  'compensation-decided': {
    ...ofStep,
    log: ({ step }, { state }) => (toCause(step, state) === 'failed' ? 'warn' : 'info'),
    sentence: ({ step, code }) =>
      step === null
        ? `decided, for good: everything is to be undone, because it was ${code}`
        : `decided, for good: everything is to be undone, because of ${step} (${toWords(code)})`,
  },
  'undo-succeeded': {
    ...ofUndo,
    log: null,
    reply: 'ok',
    sentence: ({ way }, at, { state }) =>
      readWay(state, way).result === 'ok'
        ? `${at} undid it`
        : `${at} undid it, or never did it and now never will: what still comes late is turned away there`,
  },
  'undo-refused': {
    ...ofFailedUndo,
    reply: 'refused',
    sentence: ({ code }, at) => `refused by ${at} (${toWords(code)}); it is still owed`,
  },
  'undo-unsent': {
    ...ofFailedUndo,
    reply: 'unsent',
    sentence: ({ code }, at) => `could not be sent to ${at} (${toWords(code)}); it is still owed`,
  },
  'undo-unknown': {
    ...ofFailedUndo,
    reply: 'unknown',
    sentence: ({ code }) => `${toWords(code)}; it is still owed`,
  },
  'undo-parked': { ...ofWait, direction: 'undo' },
  'cancel-requested': {
    ...ofOrder,
    log: 'info',
    sentence: ({ reason }, _at, run) =>
      `a cancellation was asked for: ${reason}${isCancelledTooLate(run) ? '; it came too late, since the pivot was under way, and was done' : ''}`,
    spans: (_event, { mark }) => mark({ 'baton.by': 'customer' }),
    ends: 'none',
  },
  'retry-requested': {
    ...ofOrder,
    log: 'info',
    sentence: (event) =>
      isOfWatchdog(event)
        ? `the watchdog: ${event.reason.replace(/^watchdog: /, '')}; it is tried again`
        : `an operator asked for a retry: ${event.reason}`,
    spans: (event, { mark }) => mark({ 'baton.by': isOfWatchdog(event) ? 'watchdog' : 'operator' }),
    ends: 'timed',
  },
  'written-off': {
    ...ofOrder,
    log: 'info',
    sentence: ({ way, direction, reason }, at) =>
      `an operator wrote off ${toAim({ way, direction })}: ${reason}; ${
        direction === 'undo'
          ? `what ${at} holds must be put right there by hand`
          : 'it will not be done'
      }`,
    spans: ({ way, direction }, { mark }) =>
      mark({ ...toWayAttributes(way), 'baton.by': 'operator', 'baton.direction': direction }),
    ends: 'own',
  },
  recovered: {
    ...ofOrder,
    log: 'info',
    sentence: () => 'the orchestrator had ended; it goes on from what is on disk',
    spans: (event, { restart }) => restart(event),
    ends: 'none',
  },
  'attempt-started': {
    ...ofOrder,
    isDeed: false,
    log: null,
    sentence: (event) =>
      `${toAim(event)}: about to be tried; said before the call, so that a restart knows of it`,
    spans: tellNone,
    ends: 'own',
  },
  quarantined: {
    ...ofOrder,
    log: 'warn',
    sentence: () =>
      'set aside: the orchestrator ended in its calls too often; it is tried again alone, ever more rarely',
    spans: ({ code }, { mark }) => mark({ 'baton.code': code }),
    ends: 'all',
  },
  completed: {
    ...ofOrder,
    isDeed: false,
    log: 'debug',
    sentence: (_event, _at, run) =>
      isCancelledTooLate(run) ? 'completed: the cancellation came too late' : 'completed',
    spans: tellEnd,
    ends: 'all',
  },
  compensated: {
    ...ofOrder,
    isDeed: false,
    log: 'info',
    sentence: (_event, _at, { state }) => {
      if (findGivenUp(state).length > 0) return 'ended: all is undone but what was written off';
      return isOfUsedKey(state) ? 'ended: all of its own is undone' : 'all is undone';
    },
    spans: tellEnd,
    ends: 'all',
  },
};

export const findTelling = <T extends EventType>(type: T): Telling<T> => tellings[type];
