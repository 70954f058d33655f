/** Orders that wait for a repair wait up to a quarter of an hour: on a machine that is slow enough, the kills bring them so far. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFaults } from '../src/books.ts';
import { pause, place, untilSettled } from '../src/careful-client.ts';
import {
  type AppName,
  appNames,
  restart,
  type Starting,
  type System,
  startSystem,
} from '../src/processes.ts';
import { startStandby, untilStandbyWaits } from '../src/standby.ts';

let dataDir: string;
let system: System;
let client: OrchestratorClient;
const others: Starting[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'baton-kill-'));
  system = await startSystem(dataDir);
  client = createOrchestratorClient({ baseUrl: `http://127.0.0.1:${portOf('orchestrator')}` });
});
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.kill()));
  await client.close();
  await system.stop();
  rmSync(dataDir, { recursive: true });
});

const portOf = (name: AppName): number => system.apps.get(name)?.port ?? 0;

describe('under load', () => {
  it('loses no accepted order when every process is killed again and again', async () => {
    const placing = Array.from({ length: 120 }, async (_, index) => {
      await pause(index * 25);
      return place(client, index);
    });
    const victims = appNames.flatMap((name): AppName[] =>
      name === 'orchestrator' ? [] : ['orchestrator', name],
    );
    for (const victim of victims) {
      await pause(120);
      await restart(system, victim, dataDir);
    }
    const ids = await Promise.all(placing);
    await untilSettled(dataDir, ids);
    expect(findFaults(dataDir, ids)).toEqual([]);
    const audit = await client.getAudit();
    expect(audit.ok && audit.body.balanced).toBe(true);
  }, 300_000);
});

describe('a hot standby', () => {
  it('takes over after the kill, on the same port, with the orders in flight', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => place(client, index)));
    const standby = startStandby(system, dataDir);
    others.push(standby);
    await untilStandbyWaits(system);
    const late = Array.from({ length: 10 }, (_, index) => place(client, 100 + index));
    await system.apps.get('orchestrator')?.kill();
    system.apps.set('orchestrator', await standby.ready);
    ids.push(...(await Promise.all(late)));
    await untilSettled(dataDir, ids);
    expect(findFaults(dataDir, ids)).toEqual([]);
  }, 300_000);
});
