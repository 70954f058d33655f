/** All programs on one small disk, which fills up and is given room again: nothing is lost, and nobody starts anything anew. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderRunOperations } from '@baton/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AppName, appNames, type System, startSystem } from './processes.ts';

/** As docs/operations.md has it for all of them together. */
const diskBytes = 32 * 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), 'baton-small-disk-'));
const mount = ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder];
const isMounted = spawnSync('mount', mount).status === 0;
afterAll(() => {
  if (isMounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
});

const Page = orderRunOperations.list.replies[200];
const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
};

/** Mounting is for root; packages/saga and packages/service-kit test the same on any machine. */
describe.runIf(isMounted)('a small disk', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem(folder);
  });
  afterAll(() => system.stop());

  const ask = (name: AppName, path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${system.apps.get(name)?.port}${path}`, {
      ...init,
      signal: AbortSignal.timeout(5_000),
    });
  const readStatus = async (name: AppName) => (await ask(name, '/health/ready')).status;
  const readAll = () => Promise.all(appNames.map(readStatus));
  const body = JSON.stringify(order);
  const headers = { 'content-type': 'application/json' };
  /** The status, or none where no answer came. */
  const place = () =>
    ask('orchestrator', '/orders', { method: 'POST', headers, body }).then(
      ({ status }) => status,
      () => undefined,
    );

  function fill(): void {
    for (let bytes = 2 ** 20, n = 0; bytes >= 4_096; n += 1) {
      try {
        writeFileSync(join(folder, `ballast-${n}`), Buffer.alloc(bytes));
      } catch {
        bytes /= 2;
      }
    }
  }

  function makeRoom(): void {
    const names = readdirSync(folder).filter((name) => name.startsWith('ballast'));
    for (const name of names) rmSync(join(folder, name));
  }

  const listLogs = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('-wal'))
      .map((name) => statSync(join(folder, name)).size);

  async function readOrders(): Promise<readonly string[]> {
    const statuses: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await ask('orchestrator', `/orders?limit=100${cursor && `&cursor=${cursor}`}`);
      const { orders, nextCursor } = Page.parse(await page.json());
      statuses.push(...orders.map(({ status }) => status));
      cursor = nextCursor;
    }
    return statuses;
  }

  it('is left as it was a second after the last order but for what was ordered', async () => {
    await Promise.all(Array.from({ length: 100 }, place));
    const ofAll = () => expect.poll(async () => new Set(await readOrders()));
    await ofAll().toEqual(new Set(['completed']));
    await expect.poll(() => listLogs().filter((bytes) => bytes > 30_000)).toEqual([]);
  });

  it('that is full is said, accepts nothing, and still answers what was accepted', async () => {
    fill();
    await expect
      .poll(async () => {
        await place();
        return readStatus('orchestrator');
      })
      .toBe(503);
    expect(await place()).toBe(503);
    const ready = await (await ask('orchestrator', '/health/ready')).json();
    expect(ready).toMatchObject({ checks: { journal: 'disk full' } });
    expect((await readOrders()).length).toBeGreaterThanOrEqual(100);
  });

  it('stops a participant from doing anything, and not from saying so', async () => {
    const key = { ...headers, 'idempotency-key': 'ord_1:reserve' };
    const lines = JSON.stringify({ orderId: 'ord_1', lines: order.lines });
    const reserve = () =>
      ask('inventory-service', '/reserve', { method: 'POST', headers: key, body: lines });
    await expect.poll(async () => (await reserve()).status).toBe(503);
    await expect.poll(() => readStatus('inventory-service')).toBe(503);
    makeRoom();
    await expect.poll(async () => (await reserve()).status).toBe(200);
  });

  it('with room again is worked on by the same processes, with every order whole', async () => {
    await expect.poll(readAll).toEqual(appNames.map(() => 200));
    expect(await place()).toBe(202);
    await expect.poll(async () => new Set(await readOrders())).toEqual(new Set(['completed']));
    for (const { pid } of system.apps.values()) expect(() => process.kill(pid, 0)).not.toThrow();
  });
});
