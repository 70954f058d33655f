/** compose.yaml for tests: with a secret of their own, and nothing else in the environment. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const Service = z.object({
  image: z.string(),
  profiles: z.array(z.string()).optional(),
  // A container gets an empty text for an empty variable.
  environment: z
    .record(
      z.string(),
      z.preprocess((value) => value ?? '', z.coerce.string()),
    )
    .default({}),
  ports: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  read_only: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});
export type ComposeService = z.infer<typeof Service>;

const text = readFileSync(new URL('../../compose.yaml', import.meta.url), 'utf8');
export const compose = Compose.parse(
  parse(
    text
      .replace(/\$\{OPERATOR_TOKEN:\?[^}]*\}/g, '0123456789abcdef')
      .replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
    { merge: true },
  ),
);
/** The services that run this project's image. */
export const apps = Object.entries(compose.services).filter(([, { profiles }]) => !profiles);

/** Names that containers reach each other by; both orchestrators have the same name. */
export const toHost = (name: string): string => name.replace(/^orchestrator-\d$/, 'orchestrator');
