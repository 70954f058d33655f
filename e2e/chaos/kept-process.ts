/** A process that is started again whenever it ends, as by a supervisor, while tests kill and freeze it. */
import { setTimeout as delay } from 'node:timers/promises';
import { type AppName, type StartOptions, start } from '../src/processes.ts';

export interface KeptProcess {
  readonly app: AppName;
  readonly port: number;
  /** Ends that nobody asked for, in words. */
  readonly surprises: readonly string[];
  /** As a power cut ends it. */
  kill(): void;
  freeze(ms: number): void;
  /** For good. */
  end(): Promise<void>;
}

const restartMs = 300;

/** Resolves when the process is ready. With a given port, at once: the process may have to wait for the port. */
export async function keepProcess(app: AppName, options: StartOptions): Promise<KeptProcess> {
  const surprises: string[] = [];
  const over = new AbortController();
  let current = start(app, options);
  const port = options.port ?? (await current.ready).port;

  async function keep(): Promise<void> {
    while (!over.signal.aborted) {
      const { code, said } = await current.ended;
      if (code !== null) surprises.push(`${app} ended with ${code}: ${said.trim()}`);
      await delay(restartMs, undefined, { signal: over.signal });
      over.signal.throwIfAborted();
      current = start(app, { ...options, port });
    }
  }
  const kept = keep().catch(() => {});

  return {
    app,
    port,
    surprises,
    kill: () => current.signal('SIGKILL'),
    freeze: (ms) => {
      const frozen = current;
      frozen.signal('SIGSTOP');
      setTimeout(() => frozen.signal('SIGCONT'), ms);
    },
    end: async () => {
      over.abort();
      await current.kill();
      await kept;
    },
  };
}
