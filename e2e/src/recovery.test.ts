// As many orders as may be open by default, all of them open when the process ended.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFastFolder } from './folder.ts';
import { measureRecovery } from './measured-recovery.ts';

const ordersOpen = 10_000;

let folder: string;
beforeAll(() => {
  folder = createFastFolder('recovery');
});
afterAll(() => rmSync(folder, { recursive: true }));

it('settles all, in little memory, with 10,000 orders open', async () => {
  const measured = await measureRecovery(folder, ordersOpen);
  // How soon is for e2e/load.
  const { firstCallMs: _, settledMs: __, heapPerOrderBytes, rssMostMb, ...counted } = measured;
  process.stdout.write(
    `recovery of ${ordersOpen}: ${heapPerOrderBytes} B of heap each, ${rssMostMb.toFixed(0)} MB at most\n`,
  );
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
