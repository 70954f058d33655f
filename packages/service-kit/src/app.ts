/** The Express app of a service: its operations, health, metrics, OpenAPI, and one error handler. */
import { incarnationHeader, type Operations } from '@baton/contracts';
import type { Log, Metrics, Tracing } from '@baton/telemetry';
import express, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  Router,
} from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import type { Handlers, HttpAnswer } from './answer.ts';
import { createHealthRoutes, type Readiness } from './health-routes.ts';
import { createHostCheck } from './host-check.ts';
import type { Interceptor } from './interceptor.ts';
import { createMetricsHandler } from './metrics-page.ts';
import { mountRoutes, type Shed } from './mount.ts';
import { toOpenApi } from './openapi.ts';
import { toGeneralProblem, toStatusProblem, toUndecodable } from './problem-answer.ts';
import { createRoutes, type Route } from './route.ts';
import { sendAnswer } from './send-answer.ts';
import { createSiteCheck } from './site-check.ts';
import type { Store } from './store.ts';

export interface ServiceAppOptions<T extends Operations> {
  readonly service: string;
  readonly operations: T;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Without it, callers' traces are not continued here. */
  readonly tracing?: Tracing | undefined;
  /** Needed where the operations have effects. */
  readonly store?: Store;
  readonly now?: () => number;
  readonly ready?: () => Readiness | Promise<Readiness>;
  /** Steps between effects and their callers; outside production only. */
  readonly intercept?: Interceptor | undefined;
  readonly shed?: Shed;
  /** Runs before every route but health: your own authentication, for example. Several go into a router. */
  readonly middleware?: RequestHandler | undefined;
  /** Names besides loopback that the Host header may carry. */
  readonly hosts?: readonly string[];
  /** Further routes, such as pages; they come before the 404. */
  readonly extend?: (router: Router) => void;
  /** Operations that `extend` mounts, for the document of the contract. */
  readonly further?: Operations | undefined;
}

export interface ServiceApp {
  readonly app: Express;
  /** The same routes for `createLocalClient`. */
  readonly routes: readonly Route[];
}

/** These answers are no pages; pages set a policy of their own. Transport security is the proxy's matter. */
const helmetOptions = {
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
} as const;

const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' &&
  error !== null &&
  'status' in error &&
  typeof error.status === 'number'
    ? error.status
    : undefined;

const Headers = z.object({
  'WWW-Authenticate': z.string().optional(),
  'Retry-After': z.coerce.string().optional(),
});

/** What others' middleware throws says its status, and what belongs to that; its text may be a secret. */
function toRefusal(status: number, error: unknown): HttpAnswer {
  const headers = z.object({ headers: Headers }).safeParse(error).data?.headers ?? {};
  const said = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return toStatusProblem(status, Object.fromEntries(said));
}

/** A 4xx is the router's, where a path cannot be decoded, or comes from middleware; all else is our bug. */
const createErrorHandler =
  (log: Log): ErrorRequestHandler =>
  (error: unknown, _request, response, _next) => {
    const status = statusOf(error);
    if (response.headersSent) {
      // Half an answer is under way: only cutting it still says that it failed.
      log.error({ err: error }, 'an answer failed half-way');
      response.destroy();
      return;
    }
    if (status !== undefined && status >= 400 && status < 500) {
      return sendAnswer(
        response,
        error instanceof URIError ? toUndecodable() : toRefusal(status, error),
      );
    }
    log.error({ err: error }, 'a request failed');
    return sendAnswer(response, toGeneralProblem('internal-error'));
  };

function mountPages<T extends Operations>(router: Router, options: ServiceAppOptions<T>): void {
  // Made at the first request for it: it takes longer than the rest of the app.
  let document: ReturnType<typeof toOpenApi> | undefined;
  router.get('/openapi.json', (_request, response) => {
    document ??= toOpenApi(options.service, { ...options.operations, ...options.further });
    response.json(document);
  });
  router.get('/metrics', createMetricsHandler(options.metrics));
  options.extend?.(router);
}

/** Curried as `mount` is: `createServiceApp({ … })({ reserve: (work, body) => … })`. */
export const createServiceApp =
  <const T extends Operations>(options: ServiceAppOptions<T>) =>
  (handlers: Handlers<T>): ServiceApp => {
    const { service, operations, log, store, now } = options;
    const routes = createRoutes(operations, { log, store, now })(handlers);
    const router = Router();
    mountRoutes(router, createHealthRoutes(service, options));
    if (options.middleware) router.use(options.middleware);
    mountRoutes(router, routes, options);
    mountPages(router, options);

    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    app.use(helmet(helmetOptions));
    app.use(createHostCheck(options.hosts ?? []));
    app.use(createSiteCheck(options.hosts ?? []));
    if (store !== undefined) {
      app.use((_request, response, next) => {
        response.setHeader(incarnationHeader, store.incarnation);
        next();
      });
    }
    app.use(router);
    app.use((_request, response) => sendAnswer(response, toGeneralProblem('not-found')));
    app.use(createErrorHandler(log));
    return { app, routes };
  };
