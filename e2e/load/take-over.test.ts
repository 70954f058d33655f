/** What a hot standby is for: it has started already, so it needs less time than a start does. */
import { rmSync } from 'node:fs';
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFaults } from '../src/books.ts';
import { place, untilSettled } from '../src/careful-client.ts';
import { createFastFolder } from '../src/folder.ts';
import { type App, type Starting, type System, start, startSystem } from '../src/processes.ts';
import { startStandby, untilStandbyWaits } from '../src/standby.ts';
import { measureMedianRatio } from './median-ratio.ts';

const ordersPerKill = 10;

let dataDir: string;
let system: System;
let client: OrchestratorClient;
const ids: string[] = [];
let placed = 0;

beforeAll(async () => {
  dataDir = createFastFolder('take-over');
  system = await startSystem(dataDir);
  client = createOrchestratorClient({ baseUrl: `http://127.0.0.1:${findActive().port}` });
});
afterAll(async () => {
  await client.close();
  await system.stop();
  rmSync(dataDir, { recursive: true });
});

function findActive(): App {
  const active = system.apps.get('orchestrator');
  if (!active) throw new Error('the system has no orchestrator');
  return active;
}

/** From the end of the active one to the next one's open port, with orders in flight. */
async function measureMs(findNext: () => Starting): Promise<number> {
  const placing = Array.from({ length: ordersPerKill }, () => place(client, placed++));
  await findActive().kill();
  const killedAtMs = performance.now();
  system.apps.set('orchestrator', await findNext().ready);
  const tookMs = performance.now() - killedAtMs;
  ids.push(...(await Promise.all(placing)));
  return tookMs;
}

async function compare(): Promise<number> {
  const standby = startStandby(system, dataDir);
  await untilStandbyWaits(system);
  const hotMs = await measureMs(() => standby);
  const { port } = findActive();
  const env = system.orchestratorEnv;
  const coldMs = await measureMs(() => start('orchestrator', { dataDir, port, env }));
  process.stdout.write(
    `take-over: ${hotMs.toFixed(0)} ms by a standby, ${coldMs.toFixed(0)} ms by a start\n`,
  );
  return hotMs / coldMs;
}

it('goes on with the orders in flight sooner than an orchestrator that is started anew', async () => {
  expect(await measureMedianRatio(1, compare)).toBeLessThan(1);
});

it('loses no order and balances the books', async () => {
  await untilSettled(dataDir, ids);
  expect(findFaults(dataDir, ids)).toEqual([]);
});
