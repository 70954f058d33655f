// As many orders as may be open by default, all of them open when the process ended.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createFastFolder } from './folder.ts';

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
const ordersOpen = 10_000;

let folder: string;
beforeAll(() => {
  folder = createFastFolder('recovery');
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (mode: 'build' | 'recover'): Promise<string> => {
  const args = ['--expose-gc', program, mode, join(folder, 'journal.sqlite'), String(ordersOpen)];
  return (await promisify(execFile)(process.execPath, args)).stdout;
};

async function recover() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  await run('build');
  return Measured.parse(JSON.parse(await run('recover')));
}

it('makes its first call within 5 s, in little memory, and settles all, with 10,000 orders open', async () => {
  let measured = await recover();
  // A machine that stood still for a moment is asked again.
  for (let more = 2; more > 0 && measured.firstCallMs >= 5_000; more--) measured = await recover();
  const { firstCallMs, settledMs, heapPerOrderBytes, rssMostMb, ...counted } = measured;
  process.stdout.write(
    `recovery of ${ordersOpen}: first call ${firstCallMs.toFixed(0)} ms after the start, all settled after ` +
      `${settledMs.toFixed(0)} ms; ${heapPerOrderBytes} B of heap each, ${rssMostMb.toFixed(0)} MB at most\n`,
  );
  expect(firstCallMs).toBeLessThan(5_000);
  // Memory follows the orders that are open, which are bounded, and no more of each than its state.
  expect(heapPerOrderBytes).toBeLessThan(4_096);
  expect(rssMostMb).toBeLessThan(400);
  // A fifth stood at each of five places: from there, each step was called once and none before it again.
  expect(counted).toEqual({
    completed: 8_000,
    compensated: 2_000,
    performed: { validate: 2_000, reserve: 6_000, pay: 8_000, cancel: 2_000, release: 2_000 },
  });
}, 120_000);
