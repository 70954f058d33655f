/** An order on a cluster that is under way whenever its only orchestrator dies: it is set aside for a while, and then ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodes } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';
import { killInItsCalls } from '../src/killed-calls.ts';
import { startSystem } from '../src/processes.ts';
import { toClusterEnv } from './cluster-env.ts';

test('an order whose orchestrator dies in each of its calls is quarantined, and completes after its rest', async () => {
  await using cleanup = new AsyncDisposableStack();
  const dataDir = mkdtempSync(join(tmpdir(), 'baton-quarantine-'));
  cleanup.defer(() => rmSync(dataDir, { recursive: true }));
  const nodes = await startNodes({ folder: join(dataDir, 'restate'), count: 1 });
  for (const node of nodes) cleanup.defer(() => node.stop());
  const system = await startSystem(dataDir, await toClusterEnv(nodes));
  cleanup.defer(() => system.stop());
  const types = await killInItsCalls(system, dataDir);
  expect(types.filter((type) => type === 'quarantined').length).toBeGreaterThan(0);
  expect(types.at(-1)).toBe('completed');
});
