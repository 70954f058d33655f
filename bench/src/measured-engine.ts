/** An engine in a process of its own, started, told what to do, and killed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const ProcessOptions = z.object({
  /** The journal's file. */
  path: z.string(),
  /** In milliseconds since the epoch. */
  spawnedAt: z.number(),
  /** The participant that was down answers. */
  isBack: z.boolean(),
  openMax: z.number(),
});
type ProcessOptions = z.output<typeof ProcessOptions>;

export const EngineTask = z.discriminatedUnion('type', [
  z.object({ type: z.literal('park'), orders: z.number() }),
  z.object({ type: z.literal('load'), seconds: z.number() }),
  z.object({ type: z.literal('watch'), seconds: z.number() }),
  z.object({ type: z.literal('collect') }),
]);
export type EngineTask = z.output<typeof EngineTask>;

const Figures = z.record(z.string(), z.number());
export type Figures = z.output<typeof Figures>;

export interface MeasuredEngine {
  /** One task at a time. Throws when the process ends over it, or does not say one of the figures that are asked for. */
  run<K extends string>(task: EngineTask, names: readonly K[]): Promise<Record<K, number>>;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL('./engine-process.ts', import.meta.url));

export async function startEngine(
  options: Omit<ProcessOptions, 'spawnedAt'>,
): Promise<MeasuredEngine> {
  const given = JSON.stringify({ ...options, spawnedAt: Date.now() });
  // Code that was not used for a while would be dropped at some collections and not at others, megabytes of it.
  const child = fork(program, [given], { execArgv: ['--expose-gc', '--no-flush-bytecode'] });
  const ended = once(child, 'exit');
  const hear = async (): Promise<Figures> => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(([code, signal]) => {
        throw new Error(`The engine's process ended with ${code ?? signal}`);
      }),
    ]);
    return Figures.parse(message);
  };
  await hear();
  return {
    async run<K extends string>(task: EngineTask, names: readonly K[]) {
      child.send(task);
      const figures = await hear();
      const read = (name: K): [K, number] => [name, z.number().parse(figures[name])];
      return Object.fromEntries(names.map(read)) as Record<K, number>; // the named boundary: `fromEntries` forgets the names
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
