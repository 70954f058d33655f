/**
 * An orchestrator that lives and does nothing: frozen, blocked, or awake after another took its journal. Its guard reads the
 * real clock, and a busy machine may block a loop as well as a bug does: so this has the machine to itself.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findFaults, readRows, readRuns } from '../src/books.ts';
import { createFastFolder } from '../src/folder.ts';
import { type App, type Starting, type System, start, startSystem } from '../src/processes.ts';
import { startStandby, untilStandbyWaits } from '../src/standby.ts';

const blocker = new URL('../src/blocker.ts', import.meta.url).href;
const blockedMaxSeconds = 2;
const deadline = { timeout: 30_000, interval: 50 };

let dataDir: string;
let system: System;
let active: App;
const others: Starting[] = [];

beforeEach(async () => {
  dataDir = createFastFolder('frozen');
  system = await startSystem(dataDir, {
    NODE_OPTIONS: `--import=${blocker}`,
    LOOP_BLOCKED_MAX_SECONDS: String(blockedMaxSeconds),
  });
  const orchestrator = system.apps.get('orchestrator');
  if (!orchestrator) throw new Error('the system has no orchestrator');
  active = orchestrator;
});
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.kill()));
  await system.stop();
  rmSync(dataDir, { recursive: true });
});

/** All of them wait for their payment when the last one is accepted. */
const placeAll = (count: number): Promise<string[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const answer = await fetch(`http://127.0.0.1:${active.port}/orders`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          baggage: 'baton.fault=payment.process:latency:ms=1500:times=1',
        },
        body: JSON.stringify({
          customerId: `customer-${index}`,
          lines: [{ sku: 'mug', quantity: 1 + (index % 3) }],
          payment: { method: 'card', token: index % 5 === 0 ? 'tok_declined' : 'tok_ok' },
        }),
      });
      expect(answer.status).toBe(202);
      return ((await answer.json()) as { orderId: string }).orderId;
    }),
  );

const findOpen = (): string[] =>
  [...readRuns(dataDir)].flatMap(([id, events]) => {
    const has = (type: string, way?: string) =>
      events.some(
        (event) => event.type === type && (!way || ('way' in event && event.way === way)),
      );
    const isOver = has('compensated') || (has('completed') && has('step-succeeded', 'notify'));
    return isOver ? [] : [id];
  });

async function expectAllWhole(ids: readonly string[]): Promise<void> {
  await expect.poll(findOpen, deadline).toEqual([]);
  expect(findFaults(dataDir, ids)).toEqual([]);
}

/** Not within a transaction, whose locks would stay as long as it is frozen. */
async function freezeAtRest(pid: number): Promise<void> {
  const journal = new DatabaseSync(join(dataDir, 'orchestrator/journal.sqlite'));
  await expect
    .poll(() => {
      process.kill(pid, 'SIGSTOP');
      try {
        journal.exec('BEGIN IMMEDIATE; ROLLBACK');
        return true;
      } catch {
        process.kill(pid, 'SIGCONT');
        return false;
      }
    }, deadline)
    .toBe(true);
  journal.close();
}

async function startWaiting(): Promise<Starting> {
  const standby = startStandby(system, dataDir);
  others.push(standby);
  await untilStandbyWaits(system);
  return standby;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function elapse(ms: number): Promise<'elapsed'> {
  const { promise, resolve } = Promise.withResolvers<'elapsed'>();
  setTimeout(() => resolve('elapsed'), ms);
  return promise;
}

it('keeps its journal while it is frozen, for longer than a blocked one may be, and goes on when it wakes', async () => {
  const standby = await startWaiting();
  const ids = await placeAll(20);
  process.kill(active.pid, 'SIGSTOP');
  expect(findOpen()).toHaveLength(20);
  const frozenMs = 1_000 * (blockedMaxSeconds + 1);
  expect(await Promise.race([standby.ready, elapse(frozenMs)])).toBe('elapsed');
  process.kill(active.pid, 'SIGCONT');
  await expectAllWhole(ids);
  expect(isAlive(active.pid)).toBe(true);
  await untilStandbyWaits(system);
});

it('is ended when its event loop is blocked, and the standby goes on with its orders', async () => {
  const standby = await startWaiting();
  const ids = await placeAll(20);
  process.kill(active.pid, 'SIGUSR2');
  const blockedAtMs = performance.now();
  expect(findOpen()).toHaveLength(20);
  await standby.ready;
  // It would be blocked for a minute. How soon its guard acts is held beside it, by a test of that alone.
  expect(performance.now() - blockedAtMs).toBeLessThan(30_000);
  expect(isAlive(active.pid)).toBe(false);
  await expectAllWhole(ids);
});

it('writes nothing and ends when it wakes after another took its journal, its lock deleted by mistake', async () => {
  const ids = await placeAll(20);
  await freezeAtRest(active.pid);
  expect(findOpen()).toHaveLength(20);
  rmSync(join(dataDir, 'orchestrator', 'journal.lock'));
  // Nobody is to be blocked here: where the machine itself stands still for seconds, it is not to be ended for it.
  const env = { ...system.orchestratorEnv, LOOP_BLOCKED_MAX_SECONDS: '0' };
  const second = start('orchestrator', { dataDir, env });
  others.push(second);
  await second.ready;
  await expectAllWhole(ids);
  const sql = 'SELECT count(*) AS count, max(position) AS last FROM events';
  const before = readRows(dataDir, 'orchestrator/journal.sqlite', sql);
  process.kill(active.pid, 'SIGCONT');
  await expect.poll(() => isAlive(active.pid), deadline).toBe(false);
  expect(readRows(dataDir, 'orchestrator/journal.sqlite', sql)).toEqual(before);
  expect(findFaults(dataDir, ids)).toEqual([]);
});
