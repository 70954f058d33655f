import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '@baton/saga';
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFaults, readRuns } from './books.ts';
import {
  type AppName,
  restart,
  type Starting,
  type System,
  start,
  startSystem,
} from './processes.ts';

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

const order = (index: number) => ({
  customerId: `customer-${index}`,
  lines: [{ sku: index % 3 === 0 ? 'numbered-print' : 'mug', quantity: 1 + (index % 3) }],
  payment: { method: 'card' as const, token: index % 5 === 0 ? 'tok_declined' : 'tok_ok' },
});

/** As a careful client does: the same key until there is an answer. */
async function place(index: number): Promise<string> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const reply = await client.placeOrder(order(index), { idempotencyKey: `kill-${index}` });
    if (reply.ok) return reply.body.orderId;
    await pause(20);
  }
  throw new Error(`order ${index} was never accepted`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function untilSettled(ids: readonly string[]): Promise<void> {
  await expect
    .poll(() => [...readRuns(dataDir)].filter(([, events]) => !isOver(events)).map(([id]) => id), {
      timeout: 40_000,
      interval: 200,
    })
    .toEqual([]);
  expect([...readRuns(dataDir).keys()].sort()).toEqual([...new Set(ids)].sort());
}

/** Settled, and told to the customer if it completed. */
function isOver(events: readonly Event[]): boolean {
  const isTold = events.some(
    (event) => event.type === 'step-succeeded' && /^notify(:alt)?$/.test(event.way),
  );
  return events.some(({ type }) => type === 'compensated' || (type === 'completed' && isTold));
}

describe('under load', () => {
  it('loses no accepted order when every process is killed again and again', async () => {
    const placing = Array.from({ length: 120 }, async (_, index) => {
      await pause(index * 25);
      return place(index);
    });
    const victims: AppName[] = [
      'orchestrator',
      'payment-service',
      'orchestrator',
      'inventory-service',
      'order-service',
      'orchestrator',
      'notification-service',
      'orchestrator',
    ];
    for (const victim of victims) {
      await pause(120);
      await restart(system, victim, dataDir);
    }
    const ids = await Promise.all(placing);
    await untilSettled(ids);
    expect(findFaults(dataDir, ids)).toEqual([]);
    const audit = await client.getAudit();
    expect(audit.ok && audit.body.balanced).toBe(true);
  }, 90_000);
});

/** A standby of the same port, once the active one sees it there. */
async function startStandby(): Promise<Starting> {
  const env = { ...system.orchestratorEnv, STANDBY: 'true' };
  const standby = start('orchestrator', { dataDir, port: portOf('orchestrator'), env });
  others.push(standby);
  await expect
    .poll(async () => (await readiness())?.checks.standby, { timeout: 10_000, interval: 50 })
    .toBe('waiting');
  return standby;
}

describe('a hot standby', () => {
  // A machine that stands still for a moment must not count: one of a few is quick, or the standby is slow.
  it('takes over within a second of the kill, on the same port, with the orders in flight', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => place(index)));
    const tookMs: number[] = [];
    do {
      const standby = await startStandby();
      const first = 100 * (tookMs.length + 1);
      const late = Array.from({ length: 10 }, (_, index) => place(first + index));
      await system.apps.get('orchestrator')?.kill();
      const killedAt = performance.now();
      system.apps.set('orchestrator', await standby.ready);
      tookMs.push(performance.now() - killedAt);
      ids.push(...(await Promise.all(late)));
    } while (tookMs.length < 5 && Math.min(...tookMs) >= 1_000);
    expect(Math.min(...tookMs), tookMs.join()).toBeLessThan(1_000);
    await untilSettled(ids);
    expect(findFaults(dataDir, ids)).toEqual([]);
  }, 90_000);
});

async function readiness(): Promise<{ checks: Record<string, string> } | undefined> {
  const answer = await fetch(`http://127.0.0.1:${portOf('orchestrator')}/health/ready`);
  return (await answer.json()) as { checks: Record<string, string> };
}
