import './node-version.ts';

// Not from the whole: its types would need those of Node.
export { FileError as JournalError } from '@baton/sqlite/file-error';
export { type BreakerOptions, breakerDefaults } from './breaker.ts';
export { type Clock, createClock } from './clock.ts';
export { findOwed, isPastPivot, readOutputs } from './decide.ts';
export { createEngine } from './embedded-engine.ts';
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
  ParticipantView,
  Position,
  RetryOptions,
  RunView,
  Settled,
  Submission,
  SubmitOptions,
} from './engine.ts';
export type { Direction, Event, EventType, Happening, TriedEvent } from './event.ts';
export { findRepairs } from './intervention.ts';
export {
  type Journal,
  type Notice,
  noticesMax,
  type RunSummary,
} from './journal.ts';
export type { Policy, Retry } from './policy.ts';
export { isTriedAlone } from './recovery.ts';
export { type Details, ok, type Reply, refused } from './reply.ts';
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
} from './saga.ts';
export type { Issue, Schema } from './schema.ts';
export { type OpenOptions, openJournal, openReader } from './sqlite-journal.ts';
export { evolve, type RunState, readWay, replay, type UndoState, type WayState } from './state.ts';
export { isSettled, type Status, statuses, toStatus } from './status.ts';
export { viewRun } from './view-run.ts';
