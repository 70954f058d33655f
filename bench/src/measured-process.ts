/** A program in a process of its own: started with options, given tasks, and killed. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

const Figures = z.record(z.string(), z.number());
export type Figures = z.output<typeof Figures>;

export interface MeasuredProcess<Task> {
  readonly pid: number;
  /** The program's first message. */
  readonly ready: unknown;
  /** One task at a time. Throws when the process ends meanwhile, or its answer lacks a figure. */
  run<K extends string>(task: Task, names: readonly K[]): Promise<Record<K, number>>;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Lets the program end its child processes. */
  end(): Promise<void>;
}

export interface ProcessOptions {
  /** The program reads its options from its first argument, as JSON. */
  readonly given: object;
  readonly execArgv?: readonly string[];
}

/** Throws when the process ends before it says that it is ready. */
export async function startProcess<Task extends object>(
  program: URL,
  { given, execArgv = [] }: ProcessOptions,
): Promise<MeasuredProcess<Task>> {
  // The program's output is no report of ours.
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
  const child = fork(program, [JSON.stringify(given)], {
    execArgv: [...execArgv],
    stdio: [...stdio],
  });
  const ended = once(child, 'exit');
  const hear = async (): Promise<unknown> => {
    const [message] = await Promise.race([
      once(child, 'message'),
      ended.then(([code, signal]) => {
        throw new Error(`${program.pathname} ended with ${code ?? signal}`);
      }),
    ]);
    return message;
  };
  const ready = await hear();
  return {
    pid: child.pid ?? 0,
    ready,
    async run<K extends string>(task: Task, names: readonly K[]) {
      child.send(task);
      const figures = Figures.parse(await hear());
      const read = (name: K): [K, number] => [name, z.number().parse(figures[name])];
      return Object.fromEntries(names.map(read)) as Record<K, number>; // the named boundary: `fromEntries` forgets the names
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async end() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The options that the program was started with. */
export const readGiven = <T extends z.ZodType>(schema: T): z.output<T> =>
  schema.parse(JSON.parse(process.argv[2] ?? ''));

/** The program's side: says that it is ready, and does one task after another. */
export function serveTasks<T extends z.ZodType>(
  schema: T,
  ready: object,
  run: (task: z.output<T>) => Promise<Figures>,
): void {
  process.on('message', async (message) => {
    process.send?.(await run(schema.parse(message)));
  });
  // The parent process has gone.
  process.once('disconnect', () => process.exit(0));
  process.send?.(ready);
}
