/** The environment, read once and whole: every problem is reported together. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createOtelEnv, logLevels, type OtelEnv } from '@baton/telemetry';
import { z } from 'zod';
import { blockedPorts, Host, HostList } from './address.ts';
import { StartupProblem } from './startup-problem.ts';

type Source = Readonly<Record<string, string | undefined>>;

const repository = fileURLToPath(new URL('../../..', import.meta.url));
/** Names by which only this machine is reached. */
export const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** A whole number, as text; zod's own coercion would take '' for 0 and '1e3' for 1000. */
const Port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a whole number from 0 to 65535')
  .transform(Number)
  .refine((port) => port <= 65_535, 'must be a whole number from 0 to 65535')
  .refine(
    (port) => port === 0 || !blockedPorts.has(port),
    'must be another: fetch and browsers refuse this one',
  );

const ConnectionCount = z
  .string()
  .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 999')
  .transform(Number);

const toSharedShape = (port: number) => ({
  PORT: Port.prefault(String(port)).meta({ example: String(port) }),
  HOST: Host.default('127.0.0.1').meta({ example: '127.0.0.1' }),
  ALLOWED_HOSTS: HostList.meta({ example: 'shop.example.com,localhost' }),
  OPERATOR_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .max(200)
    .optional()
    .meta({ example: 'the output of: openssl rand -hex 16' }),
  // From the repository's root, so that every app, started from its own folder, means the same folder.
  DATA_DIR: z
    .string()
    .min(1)
    .max(4_096)
    .prefault('.data')
    .transform((path) => resolve(repository, path))
    .meta({ example: '.data' }),
  LOG_LEVEL: z.enum(logLevels).default('info').meta({ example: 'info' }),
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .meta({ example: 'production' }),
  /** Whether this process can be broken on purpose; in production it never can. */
  FAULTS: z.enum(['on', 'off']).optional().meta({ example: 'off' }),
  FAULTS_FILE: z
    .string()
    .min(1)
    .max(4_096)
    .transform((path) => resolve(repository, path))
    .optional()
    .meta({ example: '.data/faults.json' }),
  CONNECTIONS_PER_ADDRESS_MAX: ConnectionCount.optional().meta({ example: '300' }),
  BATON_SUPERVISED: z.enum(['0', '1']).default('0').meta({ example: '1' }),
});
type SharedShape = ReturnType<typeof toSharedShape>;

function exampleOf(shape: z.ZodRawShape, name: string): string {
  const schema = shape[name];
  const example = schema instanceof z.ZodType ? schema.meta()?.example : undefined;
  return typeof example === 'string' ? ` (for example ${name}=${example})` : '';
}

function toLine(shape: z.ZodRawShape, issue: z.core.$ZodIssue): string {
  const name = String(issue.path[0] ?? 'environment');
  return `${name}: ${issue.message}${exampleOf(shape, name)}`;
}

/** Reads any shape; an empty value counts as none, as in most `.env` files. */
export function readEnv<S extends z.ZodRawShape>(
  shape: S,
  source: Source,
): z.output<z.ZodObject<S>> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data;
  throw new StartupProblem([
    'The environment cannot be used:',
    ...parsed.error.issues.map((issue) => `  ${toLine(shape, issue)}`),
  ]);
}

export type ServiceEnv<S extends z.ZodRawShape> = z.output<z.ZodObject<SharedShape>> &
  z.output<z.ZodObject<S>> & {
    /** A wrong value keeps nothing from starting: the log tells it. */
    readonly otel: OtelEnv;
  };

/** The shared variables and the service's own. Nothing starts on an open host without a token, or in production with faults. */
export function readServiceEnv<S extends z.ZodRawShape>(
  { port, shape }: { readonly port: number; readonly shape: S },
  source: Source,
): ServiceEnv<S> {
  const problems: string[] = [];
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StartupProblem)) throw error;
      problems.push(...error.lines.slice(1));
      return undefined;
    }
  };
  const shared = collect(() => readEnv(toSharedShape(port), source));
  const own = collect(() => readEnv(shape, source));
  const host = source.HOST || '127.0.0.1';
  if (!loopback.has(host) && !source.OPERATOR_TOKEN) {
    problems.push(
      `  HOST: ${host} can be reached from other machines, so OPERATOR_TOKEN must be set (for example HOST=127.0.0.1)`,
    );
  }
  const asksForFaults = [
    ...(source.FAULTS_FILE ? ['FAULTS_FILE'] : []),
    ...(source.FAULTS === 'on' ? ['FAULTS'] : []),
  ];
  for (const name of source.NODE_ENV === 'production' ? asksForFaults : []) {
    problems.push(`  ${name}: production has no faults; unset it, or NODE_ENV=production`);
  }
  if (shared === undefined || own === undefined || problems.length > 0) {
    throw new StartupProblem(['The environment cannot be used:', ...problems]);
  }
  return { ...shared, ...own, otel: createOtelEnv(source) };
}

/** A third of all places; outside production a load from this machine may take them all. */
const productionConnectionsPerAddressMax = 300;

/** Undefined where one address may take every place. */
export const findConnectionLimit = (
  env: Pick<z.output<z.ZodObject<SharedShape>>, 'NODE_ENV' | 'CONNECTIONS_PER_ADDRESS_MAX'>,
): number | undefined =>
  env.CONNECTIONS_PER_ADDRESS_MAX ??
  (env.NODE_ENV === 'production' ? productionConnectionsPerAddressMax : undefined);

/** The file of faults; undefined without faults. On an open host, a setting must have asked for them. */
export function findFaultsFile({
  NODE_ENV,
  FAULTS,
  FAULTS_FILE,
  DATA_DIR,
  HOST,
}: Pick<
  z.output<z.ZodObject<SharedShape>>,
  'NODE_ENV' | 'FAULTS' | 'FAULTS_FILE' | 'DATA_DIR' | 'HOST'
>): string | undefined {
  const isAsked = FAULTS === 'on' || FAULTS_FILE !== undefined || loopback.has(HOST);
  return NODE_ENV === 'production' || FAULTS === 'off' || !isAsked
    ? undefined
    : (FAULTS_FILE ?? join(DATA_DIR, 'faults.json'));
}

/** Beside the faults' file. A standby has no port: it looks for this file while it waits, and dies if it is there. */
export const toStandbyOrder = (faultsFile: string): string => `${faultsFile}.kill-standby`;
