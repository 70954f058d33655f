/**
 * Operations and their handlers, made into routes that answer plain requests with plain answers.
 * Express and the in-process client both call these, so tests without HTTP run the same code.
 */
import { isFenced, type Operation, type Operations } from '@baton/contracts';
import { isBusy, isFull } from '@baton/sqlite';
import type { Log } from '@baton/telemetry';
import type { Handlers, HttpAnswer, HttpRequest, ProblemAnswer, StreamAnswer } from './answer.ts';
import { createFence } from './fence.ts';
import { declineUndo, type Ledger, respondFenced } from './fenced-route.ts';
import { type LooseHandler, toHttpAnswer, toLooseHandlers } from './loose-handler.ts';
import type { Memory } from './memory.ts';
import { toGeneralProblem, toProblemAnswer } from './problem-answer.ts';
import { readRequest } from './request-reader.ts';

export interface Route {
  readonly operation: Operation;
  /**
   * Never rejects: whatever is thrown inside becomes a problem. With `decline`, an effect's business says no as if
   * its handler had said so, and an undo answers it.
   */
  readonly respond: (
    request: HttpRequest,
    decline?: ProblemAnswer,
  ) => Promise<HttpAnswer | StreamAnswer>;
}

export interface RouteSurroundings {
  readonly log: Pick<Log, 'error'>;
  /** Needed by effects and their undo. */
  readonly store?: Memory | undefined;
  readonly now?: (() => number) | undefined;
}

export const isStream = (answer: HttpAnswer | StreamAnswer): answer is StreamAnswer =>
  'events' in answer;

const looksLikeStream = (answer: unknown): answer is StreamAnswer =>
  typeof answer === 'object' && answer !== null && 'events' in answer;

async function respondPlainly(
  operation: Operation,
  handler: LooseHandler,
  request: HttpRequest,
): Promise<HttpAnswer | StreamAnswer> {
  const read = readRequest(operation, request);
  if (!read.ok) return toProblemAnswer(operation, 'bad-request', { issues: read.issues });
  const { httpVersion, signal } = request;
  const answer = await handler({ ...read.value, httpVersion, signal });
  return looksLikeStream(answer) ? answer : toHttpAnswer(operation, answer);
}

/** An error with this status: something that the app needs is away for now. */
const isAway = (error: unknown): boolean => Object(error).status === 503;

function toFailure(
  error: unknown,
  operation: Operation,
  log: RouteSurroundings['log'],
): HttpAnswer {
  log.error({ err: error, operation: operation.name }, 'a request failed');
  return isBusy(error) || isFull(error) || isAway(error)
    ? toGeneralProblem('unavailable', { headers: { 'retry-after': '1' } })
    : toGeneralProblem('internal-error');
}

function toResponder(
  operation: Operation,
  handler: LooseHandler | undefined,
  ledger: Ledger | undefined,
): Route['respond'] {
  if (handler === undefined) throw new Error(`${operation.name} has no handler`);
  if (!isFenced(operation)) return (request) => respondPlainly(operation, handler, request);
  if (ledger === undefined) throw new Error(`${operation.name} needs a store for its fence`);
  return async (request, decline) =>
    decline && operation.kind === 'undo'
      ? declineUndo(operation, decline, request)
      : respondFenced(operation, decline ? () => decline : handler, ledger, request);
}

const guard =
  (
    operation: Operation,
    respond: Route['respond'],
    log: RouteSurroundings['log'],
  ): Route['respond'] =>
  async (request, decline) => {
    try {
      return await respond(request, decline);
    } catch (error) {
      return toFailure(error, operation, log);
    }
  };

/** Curried, so that the operations are known before a handler's literal statuses are inferred. */
export const createRoutes =
  <const T extends Operations>(operations: T, { store, log, now = Date.now }: RouteSurroundings) =>
  (handlers: Handlers<T>): readonly Route[] => {
    const ledger = store === undefined ? undefined : { store, now, fence: createFence(store, now) };
    const loose = toLooseHandlers(handlers);
    return Object.entries(operations).map(([name, operation]) => ({
      operation,
      respond: guard(operation, toResponder(operation, loose[name], ledger), log),
    }));
  };
