/** The ways to get a Jaeger. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Jaeger that can be started here. */
export type JaegerProgram =
  | { readonly kind: 'program'; readonly file: string }
  | { readonly kind: 'docker' };

export type JaegerSource =
  | JaegerProgram
  /** A Jaeger runs already: spans go there, and nothing is started. */
  | { readonly kind: 'given'; readonly otlpUrl: string; readonly uiUrl: string | undefined }
  /** By `JAEGER_BIN=none`; any other value that is no program is a mistake. */
  | { readonly kind: 'none'; readonly why: 'asked' | 'not-found' | 'not-a-program' };

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  isProgram(file: string): boolean;
  hasDocker(): Promise<boolean>;
}

export async function findJaeger(surroundings: Surroundings): Promise<JaegerSource> {
  const { env, isProgram, hasDocker } = surroundings;
  const { JAEGER_UI_URL, JAEGER_BIN, PATH = '' } = env;
  const otlpUrl = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (otlpUrl) return { kind: 'given', otlpUrl, uiUrl: JAEGER_UI_URL || undefined };
  if (JAEGER_BIN === 'none') return { kind: 'none', why: 'asked' };
  if (JAEGER_BIN)
    return isProgram(JAEGER_BIN)
      ? { kind: 'program', file: JAEGER_BIN }
      : { kind: 'none', why: 'not-a-program' };
  const file = PATH.split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, 'jaeger'))
    .find(isProgram);
  if (file) return { kind: 'program', file };
  return (await hasDocker()) ? { kind: 'docker' } : { kind: 'none', why: 'not-found' };
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
