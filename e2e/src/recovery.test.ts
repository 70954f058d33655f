/** Many orders, all of them open when the process ended. How soon as many as may be open go on, and in which memory: e2e/load. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFastFolder } from './folder.ts';
import { measureRecovery } from './measured-recovery.ts';

const ordersOpen = 1_000;

let folder: string;
beforeAll(() => {
  folder = createFastFolder('recovery');
});
afterAll(() => rmSync(folder, { recursive: true }));

it('settles all, and calls no step twice, with 1,000 orders open', async () => {
  const { completed, compensated, performed } = await measureRecovery(folder, ordersOpen);
  // A fifth stood at each of five places: from there, each step was called once and none before it again.
  expect({ completed, compensated, performed }).toEqual({
    completed: 800,
    compensated: 200,
    performed: { validate: 200, reserve: 600, pay: 800, cancel: 200, release: 200 },
  });
});
