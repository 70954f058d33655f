import './node-version.ts';

// Not from the whole: its types would need Node's.
export { FileError as JournalError } from '@baton/sqlite/file-error';
export { findOwed, findRepairs, isForeign, isPastPivot, readOutputs } from './core/decide.ts';
export type { Direction, Event, EventType, Happening, TriedEvent } from './core/event.ts';
export { replay } from './core/history.ts';
export type { Policy, Retry } from './core/policy.ts';
export { type Details, ok, type Reply, refused } from './core/reply.ts';
export {
  type Attempt,
  type Doing,
  type Operation,
  type PlannedStep,
  type PlannedWay,
  type Saga,
  type SagaOptions,
  saga,
  type Undoing,
} from './core/saga.ts';
export type { Issue, Schema } from './core/schema.ts';
export { evolve, type RunState, readWay, type UndoState, type WayState } from './core/state.ts';
export { isSettled, type Status, statuses, toStatus } from './core/status.ts';
export { createRunId } from './embedded/arguments.ts';
export { createEngine } from './embedded/embedded-engine.ts';
export type {
  Archive,
  Cancellation,
  Committed,
  Engine,
  EngineCounts,
  EngineOptions,
  Feed,
  FeedEvent,
  Held,
  Intervention,
  Next,
  Notices,
  Position,
  RetryOptions,
  RunView,
  Settled,
  Submission,
  SubmitOptions,
} from './embedded/engine.ts';
export { viewRun } from './embedded/view-run.ts';
export { type Journal, type Notice, noticesMax, type RunSummary } from './journal/journal.ts';
export { type OpenOptions, openJournal, openReader } from './journal/sqlite-journal.ts';
export { type BreakerOptions, breakerDefaults } from './run/breaker.ts';
export { type Clock, createClock } from './run/clock.ts';
export type { ParticipantView } from './run/lanes.ts';
export { isTriedAlone } from './run/recovery.ts';
