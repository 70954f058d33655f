/** A Jaeger of our own, on free ports: another would also show other traces. */
import { pickFreePorts } from './jaeger-ports.ts';
import { hasDocker, type Jaeger, launchJaeger } from './jaeger-process.ts';
import { findJaeger, isProgram, type JaegerSource } from './jaeger-source.ts';

export interface OwnJaeger extends Jaeger {
  /** The address for jaeger-client's spans. */
  readonly thriftUrl: string;
}

export const findOwnJaeger = (): Promise<JaegerSource> =>
  findJaeger({
    env: {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
    },
    isProgram,
    hasDocker,
  });

/** Throws without a Jaeger, which `npm run test:jaeger` says before. */
export async function startOwnJaeger(): Promise<OwnJaeger> {
  const source = await findOwnJaeger();
  if (source.kind === 'given' || source.kind === 'none')
    throw new Error('There is no Jaeger: set JAEGER_BIN');
  const ports = await pickFreePorts();
  const launch = await launchJaeger(source, ports);
  if (!launch.ok) throw new Error(`Jaeger ${launch.why}`);
  return { ...launch.jaeger, thriftUrl: `http://127.0.0.1:${ports.thrift}/api/traces` };
}
