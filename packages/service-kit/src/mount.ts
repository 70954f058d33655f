/** Routes on an Express router: bodies read, wrong methods and types refused, answers sent. */
import type { Operation, Operations } from '@baton/contracts';
import type { Metrics, Tracing } from '@baton/telemetry';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { Handlers, HttpAnswer, HttpRequest, ProblemAnswer } from './answer.ts';
import { sendEvents } from './event-stream.ts';
import { type Interceptor, toInterceptedCall } from './interceptor.ts';
import { toHttpAnswer } from './loose-handler.ts';
import { toGeneralProblem, toOtherMethod, toUnreadable } from './problem-answer.ts';
import { createTracer, watchEnd } from './request-trace.ts';
import { createRoutes, isStream, type Route, type RouteSurroundings } from './route.ts';
import { sendAnswer } from './send-answer.ts';
import { sendDelivery } from './send-delivery.ts';

export interface MountSurroundings extends RouteSurroundings {
  readonly metrics?: Metrics | undefined;
  readonly tracing?: Tracing | undefined;
  readonly intercept?: Interceptor | undefined;
  readonly shed?: Shed | undefined;
  /** Needed where the operations are for operators. */
  readonly operatorCheck?: RequestHandler | undefined;
}

/** Under too much load, a problem of this operation, answered before the body is read: a refusal must cost little. */
export type Shed = (
  operation: Operation,
) => ProblemAnswer | undefined | Promise<ProblemAnswer | undefined>;

/** Node joins repeated headers, but for Set-Cookie; headers that it gives as a list are none of ours. */
const toHeaders = (request: Request): HttpRequest['headers'] =>
  Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );

const toHttpRequest = (request: Request, signal: AbortSignal): HttpRequest => ({
  headers: toHeaders(request),
  params: { ...request.params },
  query: { ...request.query },
  body: request.body,
  httpVersion: request.httpVersion,
  signal,
});

/** `close` also follows a finished answer: only a caller that left early is gone. */
function toSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

const toRequestHandler =
  (route: Route, intercept: Interceptor | undefined): RequestHandler =>
  async (request, response) => {
    const signal = toSignal(response);
    const asked = toHttpRequest(request, signal);
    const call = intercept && toInterceptedCall(route, asked);
    if (intercept && call) return sendDelivery(response, await intercept(call));
    const answer = await route.respond(asked);
    if (isStream(answer)) await sendEvents(response, answer, signal);
    else sendAnswer(response, answer);
  };

/** An empty body has no type; the contract says whether there must be a body. */
const hasWrongType = (request: Request): boolean =>
  request.headers['content-length'] !== '0' && request.is('application/json') === false;

const checkType: RequestHandler = (request, response, next) => {
  if (hasWrongType(request)) {
    sendAnswer(response, toGeneralProblem('unsupported-media-type'));
  } else next();
};

const createShedder =
  (operation: Operation, shed: Shed | undefined): RequestHandler =>
  async (_request, response, next) => {
    const refusal = await shed?.(operation);
    if (refusal) sendAnswer(response, toHttpAnswer(operation, refusal));
    else next();
  };

const createObserver =
  (operation: Operation, metrics: Metrics | undefined): RequestHandler =>
  ({ method }, response, next) => {
    // Of two methods at most, since the route is of one, and a GET answers HEAD too.
    const observe = metrics?.startRequest({ method, route: operation.path });
    if (observe) watchEnd(response, operation, observe);
    next();
  };

/** Made once, since the parser is the same for every route. */
const parseJson = express.json({ limit: '16kb', strict: true });

/** Answered here: further on, nothing tells this parser's errors from those of others' middleware. */
const readJson: RequestHandler = (request, response, next) =>
  parseJson(request, response, (error?: { readonly status: number }) => {
    if (error && error.status < 500) sendAnswer(response, toUnreadable(error.status));
    else next(error);
  });

const refuseMethod =
  (answer: HttpAnswer): RequestHandler =>
  (_request, response) =>
    sendAnswer(response, answer);

const registrars = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;
type Watchers = Omit<MountSurroundings, keyof RouteSurroundings>;

function mountRoute(router: Router, route: Route, watchers: Watchers): void {
  const { method, path } = route.operation;
  const trace = createTracer(route.operation, watchers.tracing);
  const observe = createObserver(route.operation, watchers.metrics);
  const shed = createShedder(route.operation, watchers.shed);
  const handle = toRequestHandler(route, watchers.intercept);
  const steps = method === 'GET' ? [handle] : [shed, checkType, readJson, handle];
  router[registrars[method]](path, trace, observe, ...steps);
}

/** Mounted before everything else at these paths, whatever the method. */
function guardOperations(router: Router, routes: readonly Route[], check?: RequestHandler): void {
  for (const { operation } of routes) {
    if (operation.access !== 'operator') continue;
    if (!check) throw new Error(`${operation.name} needs an operator check`);
    router.use(operation.path, check);
  }
}

export function mountRoutes(
  router: Router,
  routes: readonly Route[],
  watchers: Watchers = {},
): void {
  guardOperations(router, routes, watchers.operatorCheck);
  for (const route of routes) mountRoute(router, route, watchers);
  const byPath = Map.groupBy(routes, ({ operation }) => operation.path);
  for (const [path, known] of byPath) router.all(path, refuseMethod(toOtherMethod(known)));
}

/** `mount(router, operations, { store, log })({ reserve: (work, body) => … })` */
export const mount =
  <const T extends Operations>(router: Router, operations: T, surroundings: MountSurroundings) =>
  (handlers: Handlers<T>): readonly Route[] => {
    const routes = createRoutes(operations, surroundings)(handlers);
    mountRoutes(router, routes, surroundings);
    return routes;
  };
