/** As many orders as may be open by default, all of them open when the process ended: how soon does the next one go on? */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFastFolder } from '../src/folder.ts';
import { measureRecovery } from '../src/measured-recovery.ts';
import { measureMedianRatio } from './median-ratio.ts';

/** One at each place where an order may stand: what such a start takes, it takes for itself. */
const few = 5;
const many = 10_000;
/** Five seconds or so. It is a fifth of that where nothing else runs. */
const ratioMax = 20;

let folder: string;
beforeAll(() => {
  folder = createFastFolder('recovery');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function compare(): Promise<number> {
  const { firstCallMs: fewMs } = await measureRecovery(folder, few);
  const { firstCallMs: manyMs } = await measureRecovery(folder, many);
  process.stdout.write(
    `recovery: first call ${fewMs.toFixed(0)} ms after the start with ${few} orders open, ` +
      `${manyMs.toFixed(0)} ms with ${many} (${(manyMs / fewMs).toFixed(1)} times)\n`,
  );
  return manyMs / fewMs;
}

it('makes its first call with 10,000 orders open within twenty times what a start with five takes', async () => {
  expect(await measureMedianRatio(ratioMax, compare)).toBeLessThanOrEqual(ratioMax);
});

/** Less than twice. An engine that kept of each order what it did, and not only where it stands, would take ten times. */
const memoryMax = 4;

it('settles 10,000 open orders in no more than four times the memory that five take', async () => {
  const ratio = await measureMedianRatio(memoryMax, async () => {
    const { rssMostMb: fewMb } = await measureRecovery(folder, few);
    const { rssMostMb: manyMb, heapPerOrderBytes, completed } = await measureRecovery(folder, many);
    process.stdout.write(
      `recovery: ${fewMb.toFixed(0)} MB at most with ${few} orders open, ${manyMb.toFixed(0)} MB with ${many}; ` +
        `${heapPerOrderBytes} B of heap each at the start\n`,
    );
    expect(completed).toBe(many * 0.8);
    // Memory follows the orders that are open, which are bounded, and no more of each than its state.
    expect(heapPerOrderBytes).toBeLessThan(4_096);
    return manyMb / fewMb;
  });
  expect(ratio).toBeLessThanOrEqual(memoryMax);
});
