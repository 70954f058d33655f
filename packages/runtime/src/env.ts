import { listedParticipants, mapParticipants, orchestratorPort } from '@baton/contracts';
import {
  CalledUrl,
  loopback,
  readServiceEnv,
  ServiceUrl,
  StartupProblem,
} from '@baton/service-kit';
import { z } from 'zod';

const whole = (min: number, max: number, otherwise: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`)
    .prefault(String(otherwise))
    .meta({ example: String(otherwise) });

const url = (port: number) =>
  ServiceUrl.default(`http://127.0.0.1:${port}`).meta({ example: `http://127.0.0.1:${port}` });

/** Where each participant is. */
const urls = Object.fromEntries(
  listedParticipants.map(({ urlVariable, port }) => [urlVariable, url(port)]),
);

const urlList = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(ServiceUrl));

/** Where a server on this machine listens unless it is told otherwise. */
const ownServer = { ingress: 'http://127.0.0.1:8080', admin: 'http://127.0.0.1:9070' };

const shape = {
  /** Where runs live: in this process and its journal, or on a Restate cluster. */
  SAGA_HOST: z.enum(['embedded', 'restate']).default('embedded').meta({ example: 'restate' }),
  /** The cluster's nodes, any of which is asked. */
  RESTATE_INGRESS_URLS: z
    .string()
    .default(ownServer.ingress)
    .pipe(urlList)
    .meta({ example: 'http://127.0.0.1:8080,http://127.0.0.1:8081' }),
  /** Nodes of the cluster, any of which is told of the handlers at the start. Without it, an operator tells the cluster, unless that is the server on this machine. */
  RESTATE_ADMIN_URLS: urlList
    .optional()
    .meta({ example: 'http://127.0.0.1:9070,http://127.0.0.1:9071' }),
  /** Where the cluster finds the handlers of all replicas; without it, this replica's. */
  RESTATE_HANDLERS_URL: ServiceUrl.optional().meta({ example: 'http://127.0.0.1:9080' }),
  /** Where this replica's handlers listen, on HOST. */
  RESTATE_HANDLERS_PORT: whole(0, 65_535, 9_080),
  /** The cluster's public key; without it, anybody who reaches the handlers' port may call them. */
  RESTATE_IDENTITY_KEY: z
    .string()
    .regex(/^publickeyv1_\w+$/, 'must begin with publickeyv1_')
    .optional()
    .meta({ example: 'publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f' }),
  /** `true`: wait for the journal instead of refusing when another orchestrator holds it. */
  STANDBY: z.enum(['true', 'false']).default('false').meta({ example: 'true' }),
  /** Orders in progress at once; waiting ones do not count. */
  ORDERS_CONCURRENT_MAX: whole(1, 10_000, 64),
  /** Orders accepted and not settled; one more is answered 503. */
  ORDERS_OPEN_MAX: whole(1, 1_000_000, 10_000),
  /** How long an ended order can be read. */
  ORDERS_KEPT_HOURS: whole(1, 100_000, 720),
  /** Where alerts are posted when they open and when they are resolved. */
  ALERT_WEBHOOK_URL: CalledUrl.optional().meta({ example: 'https://alerts.example.com/baton' }),
  /** Jaeger's page, which the links of orders lead to. */
  JAEGER_UI_URL: ServiceUrl.optional().meta({ example: 'http://localhost:16686' }),
  /** `blameless`: somebody is known to have ended the last process, so no order is suspected. */
  BATON_LAST_END: z
    .enum(['blameless', 'unknown'])
    .default('unknown')
    .meta({ example: 'blameless' }),
  /** An event loop blocked for longer ends the process, and the standby takes over. 0, as for a debugger: never. */
  LOOP_BLOCKED_MAX_SECONDS: whole(0, 3_600, 10),
};

/** All problems are reported together, as a StartupProblem. */
export function readOrchestratorEnv(source: Readonly<Record<string, string | undefined>>) {
  const read = readServiceEnv({ port: orchestratorPort, shape: { ...urls, ...shape } }, source);
  const { RESTATE_ADMIN_URLS = findOwnServer(read.HOST, source) } = read;
  const env = { ...read, RESTATE_ADMIN_URLS };
  const problems = env.SAGA_HOST === 'restate' ? findClusterProblems(env) : [];
  if (problems.length > 0)
    throw new StartupProblem(['The environment cannot be used:', ...problems]);
  const given: Readonly<Record<string, unknown>> = env;
  const participantUrls = mapParticipants(({ urlVariable }) => String(given[urlVariable]));
  return { ...env, participantUrls };
}

/** Whoever names no cluster means the server beside this process, which nobody else tells of the handlers. */
function findOwnServer(
  host: string,
  { RESTATE_INGRESS_URLS }: Readonly<Record<string, string | undefined>>,
): string[] | undefined {
  return loopback.has(host) && !RESTATE_INGRESS_URLS ? [ownServer.admin] : undefined;
}

function findClusterProblems(env: {
  readonly HOST: string;
  readonly RESTATE_IDENTITY_KEY?: string | undefined;
  readonly RESTATE_ADMIN_URLS?: readonly string[] | undefined;
  readonly RESTATE_HANDLERS_URL?: string | undefined;
}): string[] {
  const problems: string[] = [];
  // A handler believes its caller's word for what a participant answered.
  if (!loopback.has(env.HOST) && !env.RESTATE_IDENTITY_KEY)
    problems.push(
      `  RESTATE_IDENTITY_KEY: must be set, since HOST=${env.HOST} lets other machines reach the handlers`,
    );
  const isNowhere = env.HOST === '0.0.0.0' || env.HOST === '::';
  if (isNowhere && env.RESTATE_ADMIN_URLS && !env.RESTATE_HANDLERS_URL)
    problems.push(
      `  RESTATE_HANDLERS_URL: must be set, since HOST=${env.HOST} is no address that the cluster could call`,
    );
  return problems;
}

export type OrchestratorEnv = ReturnType<typeof readOrchestratorEnv>;
