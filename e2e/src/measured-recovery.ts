/** A journal full of open orders, and what an engine needs to end them after its start. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';

const Measured = z.object({
  firstCallMs: z.number(),
  settledMs: z.number(),
  heapPerOrderBytes: z.number(),
  rssMostMb: z.number(),
  completed: z.int(),
  compensated: z.int(),
  performed: z.record(z.string(), z.int()),
});

const program = fileURLToPath(new URL('./recovery-process.ts', import.meta.url));

/** The folder is emptied first. */
export async function measureRecovery(folder: string, ordersOpen: number) {
  const run = async (mode: 'build' | 'recover'): Promise<string> => {
    const args = ['--expose-gc', program, mode, join(folder, 'journal.sqlite'), String(ordersOpen)];
    return (await promisify(execFile)(process.execPath, args)).stdout;
  };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await run('build');
  return Measured.parse(JSON.parse(await run('recover')));
}
