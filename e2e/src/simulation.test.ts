import { expect, it } from 'vitest';
import { simulate } from './simulation.ts';

const seeds = Number(process.env.SIMULATION_SEEDS ?? 250);
const first = Number(process.env.SIMULATION_FIRST_SEED ?? 1);

it(`leaves nothing behind in ${seeds} random histories of troubles and crashes`, async () => {
  let crashes = 0;
  let troubles = 0;
  let parked = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const simulation = await simulate(seed);
    expect(
      simulation.faults,
      `seed ${seed}: SIMULATION_FIRST_SEED=${seed} SIMULATION_SEEDS=1 npm run test:long -- simulation`,
    ).toEqual([]);
    crashes += simulation.crashes;
    troubles += simulation.troubles;
    parked += simulation.parked;
  }
  process.stdout.write(
    `simulated ${seeds} histories: ${crashes} crashes, ${troubles} troubles, parked ${parked} times\n`,
  );
  expect(crashes).toBeGreaterThan(0);
  expect(parked).toBeGreaterThan(0);
}, 600_000);
