/** An order that is under way whenever somebody kills the orchestrator: it is not to blame, and ends without an operator. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { killInItsCalls } from './killed-calls.ts';
import { type System, startSystem } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-innocent-'));
let system: System;
beforeAll(async () => {
  system = await startSystem(folder);
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

it('completes after its rest, where nobody knows who ended the orchestrator', async () => {
  expect(await killInItsCalls(system, folder)).toContain('quarantined');
});

it('is no suspect, where the supervisor saw that somebody did', async () => {
  const types = await killInItsCalls(system, folder, { BATON_LAST_END: 'blameless' });
  expect(types).not.toContain('attempt-started');
  expect(types).not.toContain('quarantined');
});
