import { listedParticipants, mapParticipants, orchestratorPort } from '@baton/contracts';
import { readServiceEnv, ServiceUrl } from '@baton/service-kit';
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

const shape = {
  /** `true`: wait for the journal instead of refusing when another orchestrator holds it. */
  STANDBY: z.enum(['true', 'false']).default('false').meta({ example: 'true' }),
  /** Orders in progress at once; waiting ones do not count. */
  ORDERS_CONCURRENT_MAX: whole(1, 10_000, 64),
  /** Orders accepted and not settled; one more is answered 503. */
  ORDERS_OPEN_MAX: whole(1, 1_000_000, 10_000),
  /** How long an ended order can be read. */
  ORDERS_KEPT_HOURS: whole(1, 100_000, 720),
  /** Where alerts are posted when they open and when they are resolved. */
  ALERT_WEBHOOK_URL: ServiceUrl.optional().meta({ example: 'https://alerts.example.com/baton' }),
  /** Jaeger's page, which the links of orders lead to. */
  JAEGER_UI_URL: ServiceUrl.optional().meta({ example: 'http://localhost:16686' }),
  /** An event loop blocked for longer ends the process, and the standby takes over. 0, as for a debugger: never. */
  LOOP_BLOCKED_MAX_SECONDS: whole(0, 3_600, 10),
};

/** All problems are reported together, as a StartupProblem. */
export function readOrchestratorEnv(source: Readonly<Record<string, string | undefined>>) {
  const env = readServiceEnv({ port: orchestratorPort, shape: { ...urls, ...shape } }, source);
  const given: Readonly<Record<string, unknown>> = env;
  const participantUrls = mapParticipants(({ urlVariable }) => String(given[urlVariable]));
  return { ...env, participantUrls };
}

export type OrchestratorEnv = ReturnType<typeof readOrchestratorEnv>;
