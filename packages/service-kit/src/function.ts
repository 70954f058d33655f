/** A participant as a function: beside Express and the in-process client, a third shell, for Workers and Durable Objects. */
import type { Operations } from '@baton/contracts';
import { toOneLine } from '@baton/telemetry/one-line';
import { z } from 'zod';
import { HostList, ServiceUrl } from './address.ts';
import type { Handlers } from './answer.ts';
import { createFetchHandler } from './fetch-handler.ts';
import { type FunctionTracing, openFunctionTracing } from './function-tracing.ts';
import { createHealthRoutes } from './health-routes.ts';
import type { Sql } from './memory.ts';
import { type ObjectStorage, openObjectStore } from './object-store.ts';
import { toOpenApi } from './openapi.ts';
import { createRoutes } from './route.ts';

interface FunctionOptions<T extends Operations> {
  readonly service: string;
  readonly operations: T;
  readonly migrations: readonly string[];
  readonly createHandlers: (db: Sql) => Handlers<T>;
  readonly now?: () => number;
}

/** The part of the platform's types that is used here. */
interface ObjectState {
  readonly storage: ObjectStorage;
  readonly waitUntil: (work: Promise<unknown>) => void;
}
interface Namespace {
  readonly idFromName: (name: string) => unknown;
  readonly get: (id: unknown) => { readonly fetch: (request: Request) => Promise<Response> };
}

/** The platform gives null for a variable that is not set. */
const Env = z.object({
  ALLOWED_HOSTS: z.preprocess((text) => text ?? undefined, HostList),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.unknown(),
});

const Details = z.looseObject({ err: z.unknown().optional() });

/** Writes to the platform's log. */
const log = {
  error: (details: unknown, msg?: unknown): void => {
    const { err, ...rest } = Details.parse(details);
    // biome-ignore lint/suspicious/noConsole: the runtime has no other log.
    console.error(
      toOneLine(
        JSON.stringify({
          level: 'error',
          msg,
          ...rest,
          err: err && String(Object(err).stack ?? err),
        }),
      ),
    );
  },
};

/** As in a process, a wrong address keeps nothing from starting, and is not repeated: it may hold a password. */
function readEndpoint(given: unknown): string | undefined {
  const { data, error } = ServiceUrl.nullish().safeParse(given === '' ? null : given);
  if (error) {
    const [issue] = error.issues;
    log.error({}, `OTEL_EXPORTER_OTLP_ENDPOINT ${issue?.message}: it counts as unset`);
  }
  return data ?? undefined;
}

export function defineFunction<const T extends Operations>(options: FunctionOptions<T>) {
  const { service, operations, migrations, createHandlers, now } = options;
  class Instance {
    readonly #state: ObjectState;
    readonly #tracing: FunctionTracing | undefined;
    readonly #handle: (request: Request) => Promise<Response>;

    constructor(state: ObjectState, source: unknown) {
      const env = Env.parse(source);
      const store = openObjectStore(state.storage, migrations);
      const endpoint = readEndpoint(env.OTEL_EXPORTER_OTLP_ENDPOINT);
      this.#state = state;
      this.#tracing = endpoint ? openFunctionTracing(service, endpoint) : undefined;
      this.#handle = createFetchHandler({
        routes: [
          ...createHealthRoutes(service, { log, store }),
          ...createRoutes(operations, { log, store, now })(createHandlers(store.db)),
        ],
        incarnation: store.incarnation,
        hosts: env.ALLOWED_HOSTS,
        tracing: this.#tracing,
      });
    }

    async fetch(request: Request): Promise<Response> {
      const response = await this.#handle(request);
      if (this.#tracing) this.#state.waitUntil(this.#tracing.flush());
      return response;
    }
  }
  const front = {
    /** Every instance of the function asks the same object. */
    fetch: (request: Request, { INSTANCES }: { readonly INSTANCES: Namespace }) =>
      new URL(request.url).pathname === '/openapi.json'
        ? Response.json(toOpenApi(service, operations))
        : INSTANCES.get(INSTANCES.idFromName(service)).fetch(request),
  };
  return { Instance, front };
}
