/**
 * The watchdog of a running orchestrator: looks every second, writes its findings into the journal, tells them, and
 * requeues overdue orders. A failure of its own is logged and stops nothing.
 */
import type { AlertRule, Alert as AlertView, ParticipantState } from '@baton/contracts';
import { type Clock, type Engine, type RunState, toStatus } from '@baton/saga';
import type { Log } from '@baton/telemetry';
import type { Books } from '../books/books.ts';
import type { RunParticipants } from '../participants.ts';
import { listWrittenOff } from '../run/run-view.ts';
import { findWorkflow, listSagas, nameRuns, type Workflows } from '../workflow.ts';
import { type Alert, type ToCommands, toAlertView } from './alert.ts';
import { openAlertBook } from './alert-book.ts';
import { rememberCodes } from './last-codes.ts';
import { watch } from './watchdog.ts';
import { createBooksWatch } from './watchdog-books.ts';
import { createObserver } from './watchdog-observer.ts';
import { createParticipantsWatch } from './watchdog-participants.ts';
import { createOrdersWatch } from './watchdog-runs.ts';

export interface WatchdogOptions {
  readonly engine: Engine;
  readonly workflows: Workflows;
  readonly participants: RunParticipants;
  readonly clock: Clock;
  readonly log: Log;
  readonly readHealth: () => Readonly<Record<string, string>>;
  readonly audit: Books['audit'];
  /** Hears of each alert once it is durable. Must not throw. */
  readonly onAlert: (type: 'opened' | 'resolved', alert: AlertView) => void;
  readonly toCommands: ToCommands;
  /** An order open for longer than this is overdue. */
  readonly olderThanMs?: number;
}
export interface Watchdog {
  /** Open ones first, then the newest. */
  alerts(limit: number): AlertView[];
  openAlerts(): readonly Alert[];
  participants(): Promise<ParticipantState[]>;
  stop(): void;
}

const everyMs = 1_000;
/** Alerts that an audit ends. */
const audited: ReadonlySet<string> = new Set<AlertRule>(['data-changed', 'books-differ']);
const reason = 'it should have gone on by now';

export async function createWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const { engine, workflows, clock, log, onAlert, olderThanMs = 300_000 } = options;
  const { now } = clock;
  const sagas = listSagas(workflows);
  // Before anything is awaited, so that the watchdog misses no event.
  const readLastCode = rememberCodes(engine.feed, sagas);
  const book = await openAlertBook(engine.notices);
  const orders = createOrdersWatch({ engine, sagas, now, olderThanMs });
  let hasStopped = false;
  // Once stopped, the journal may be closed under work that had begun.
  const onError = (error: unknown): void => {
    if (!hasStopped) log.error({ err: error }, 'the watchdog failed');
  };
  const books = createBooksWatch({ audit: options.audit, now, onError });
  // The audit that an open alert waits for ended with the process that opened it.
  if (book.open().some(({ rule }) => audited.has(rule))) books.doubt();
  const participants = createParticipantsWatch(options.participants, {
    engine,
    readHealth: options.readHealth,
    now,
  });
  const { toCommands } = options;
  const toView = (alert: Alert) => toAlertView(alert, toCommands);
  const parts = {
    engine,
    now,
    describeEnd: createDescribeEnd(workflows),
    words: nameRuns(workflows),
    orders,
    books,
    participants,
    readLastCode,
    olderThanMs,
  };
  const observe = createObserver(parts, book.memory());
  const look = async (): Promise<void> => {
    const { seen, memory, isHealed } = await observe(book.memory(), book.open());
    const watched = watch(book.open(), seen);
    await book.record(watched, memory, seen.at);
    for (const alert of watched.opened) onAlert('opened', toView(alert));
    for (const alert of watched.resolved) onAlert('resolved', toView(alert));
    for (const id of await orders.takeDue(isHealed))
      await engine.retry(id, reason, { by: 'watchdog', nudge: true });
  };
  const callOff = again(clock, () => look().catch(onError));
  return {
    alerts: (limit) => [...book.open(), ...book.resolved()].slice(0, limit).map(toView),
    openAlerts: () => book.open(),
    participants: () => participants.states(),
    stop: () => {
      hasStopped = true;
      callOff();
    },
  };
}

/** How an ended run is shown in an alert's result: `compensated, 68.00 EUR written off`. */
const createDescribeEnd =
  (workflows: Workflows) =>
  (state: RunState): string => {
    const written = listWrittenOff(findWorkflow(workflows, state), state);
    const without = written.length > 0 ? `, ${written.join(', ')} written off` : '';
    return `${toStatus(state)}${without}`;
  };

/** One look at a time, on the engine's clock; returns how to stop. */
function again(clock: Clock, look: () => Promise<void>): () => void {
  let hasStopped = false;
  let callOff = clock.setTimer(everyMs, ring);
  function ring(): void {
    void look().then(() => {
      if (!hasStopped) callOff = clock.setTimer(everyMs, ring);
    });
  }
  return () => {
    hasStopped = true;
    callOff();
  };
}
