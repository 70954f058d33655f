/** `npm run dev` sends its traces to a running Jaeger, or to one that it starts. Without any, it says how to get it. */
import { type JaegerPorts, readOccupant } from './jaeger/jaeger-ports.ts';
import { hasDocker, launchJaeger, toUrls } from './jaeger/jaeger-process.ts';
import { findJaeger, isProgram, type JaegerProgram } from './jaeger/jaeger-source.ts';

export interface JaegerAccess {
  /** Variables for every app. Without a page to look at, no `JAEGER_UI_URL`. */
  readonly env: { readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string; readonly JAEGER_UI_URL?: string };
  /** Whether it was started here. */
  readonly isOwn: boolean;
  /** Stops a Jaeger that was started here, and resolves when it is gone. */
  stop(): Promise<void>;
}

interface Opening {
  readonly env: NodeJS.ProcessEnv;
  readonly ports: JaegerPorts;
  /** Gives a start up that is under way. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

const howToGetOne = [
  'No Jaeger was found, so orders are not traced. Any of these will do: jaeger (2 or later) on the PATH or in JAEGER_BIN,',
  'Docker running, or OTEL_EXPORTER_OTLP_ENDPOINT and JAEGER_UI_URL of one elsewhere: https://www.jaegertracing.io/download/',
];

const nothing: JaegerAccess = { env: {}, isOwn: false, stop: async () => {} };

export async function openJaeger(opening: Opening): Promise<JaegerAccess> {
  const { env, ports, say } = opening;
  const source = await findJaeger({ env, isProgram, hasDocker });
  if (source.kind === 'given') {
    const { otlpUrl, uiUrl } = source;
    sayWhere(say, uiUrl ?? `spans go to ${otlpUrl}`);
    return { ...nothing, env: uiUrl ? { JAEGER_UI_URL: uiUrl } : {} };
  }
  if (source.kind === 'none' && source.why !== 'not-found') {
    if (source.why === 'not-a-program')
      say(`JAEGER_BIN=${env.JAEGER_BIN} is no program, so orders are not traced.`);
    return nothing;
  }
  const occupant = await readOccupant(ports);
  if (occupant.kind === 'jaeger') {
    const { uiUrl } = toUrls(ports);
    sayWhere(say, `${uiUrl} (it was running, and is left so)`);
    return { ...nothing, env: toEnv(opening) };
  }
  if (occupant.kind === 'other') {
    say(`Something that is not Jaeger has port ${occupant.port}, so orders are not traced.`);
    return nothing;
  }
  if (source.kind !== 'none') return await startOwn(source, opening);
  for (const line of howToGetOne) say(line);
  return nothing;
}

async function startOwn(program: JaegerProgram, opening: Opening): Promise<JaegerAccess> {
  const { ports, signal, say } = opening;
  if (program.kind === 'docker')
    sayWhere(say, 'starting in Docker, which fetches its image the first time');
  const launch = await launchJaeger(program, ports, signal);
  if (!launch.ok) {
    if (!signal.aborted) say(`Jaeger ${launch.why}\nOrders are not traced.`);
    return nothing;
  }
  const { jaeger } = launch;
  sayWhere(say, jaeger.uiUrl);
  void jaeger.ended.then((how) =>
    sayWhere(
      say,
      `ended with ${how}; orders go on, and are not traced until npm run dev starts anew`,
    ),
  );
  return { env: toEnv(opening), isOwn: true, stop: jaeger.stop };
}

/** A line in the style of the apps' own. */
const sayWhere = (say: Opening['say'], text: string): void => say(`${'jaeger'.padEnd(22)} ${text}`);

/** Operators know of a page at another address, such as behind a proxy. */
function toEnv({ env, ports }: Opening): JaegerAccess['env'] {
  const { otlpUrl, uiUrl } = toUrls(ports);
  return { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl, JAEGER_UI_URL: env.JAEGER_UI_URL || uiUrl };
}
