/** A real Jaeger of a test's own, on free ports. */
import { pickFreePorts } from './jaeger-ports.ts';
import { hasDocker, type Jaeger, launchJaeger } from './jaeger-process.ts';
import { findJaeger, isProgram, type JaegerSource } from './jaeger-source.ts';
import { createQueryClient, type QueryClient } from './query-client.ts';

export interface RealJaeger extends Jaeger {
  /** Where jaeger-client sends its spans. */
  readonly thriftUrl: string;
  readonly client: QueryClient;
}

/** One that somebody else runs would show traces that are not ours. */
export const findOwnJaeger = (): Promise<JaegerSource> =>
  findJaeger({
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    isProgram,
    hasDocker,
  });

/** Throws where there is none, which `npm run test:jaeger` says before. */
export async function startJaeger(): Promise<RealJaeger> {
  const source = await findOwnJaeger();
  if (source.kind === 'given' || source.kind === 'none')
    throw new Error('There is no Jaeger: set JAEGER_BIN');
  const ports = await pickFreePorts();
  const launch = await launchJaeger(source, ports);
  if (!launch.ok) throw new Error(`Jaeger ${launch.why}`);
  const thriftUrl = `http://127.0.0.1:${ports.thrift}/api/traces`;
  return { ...launch.jaeger, thriftUrl, client: createQueryClient(launch.jaeger.uiUrl) };
}
