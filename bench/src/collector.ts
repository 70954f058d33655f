/** The counting collector, and its commands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const Count = z.object({
  /** How many traces have which spans. */
  shapes: z.record(z.string(), z.number()),
  spans: z.number(),
  /** When the last of them arrived, in milliseconds since the epoch; null where that is not known. */
  lastAt: z.number().nullable(),
});
export type Count = z.output<typeof Count>;

export interface Collector {
  /** The address for spans. */
  readonly url: string;
  /** The page for people; with one, the answers of orders name their trace. */
  readonly pageUrl?: string;
  /** Counts since it was last cleared; only these traces, where it cannot be cleared. */
  readCount(traceIds: readonly string[]): Promise<Count>;
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('./collector-process.ts', import.meta.url));

export async function startCollector(): Promise<Collector> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [port] = await Promise.race([
    once(lines, 'line'),
    ended.then(([code]) => {
      throw new Error(`The collector ended with ${code}`);
    }),
  ]);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    readCount: async () => Count.parse(await (await fetch(`${url}/count`)).json()),
    clear: async () => {
      await fetch(`${url}/count`, { method: 'DELETE' });
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
