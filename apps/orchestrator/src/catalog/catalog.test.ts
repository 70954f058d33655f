import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStandIns } from '@baton/runtime/testing';
import { createVirtualClock } from '@baton/saga/testing';
import { createLog } from '@baton/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { createCatalogFile } from './catalog-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-catalog-'));
  path = join(folder, 'catalog.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = createLog('orchestrator', 'silent');
const patience = () => AbortSignal.timeout(5_000);
const mug = (amountMinor: number) => ({
  sku: 'mug',
  name: 'Mug',
  price: { amountMinor, currency: 'EUR' as const },
});

/** An orchestrator's catalogue, and the order service that it asks; down until it has a price. */
function open() {
  const clock = createVirtualClock();
  const service: { price: number | undefined; asked: number } = { price: undefined, asked: 0 };
  const getCatalog = async () => {
    service.asked += 1;
    if (service.price === undefined) return { ok: false as const, code: 'connection-refused' };
    return { ok: true as const, status: 200 as const, body: { products: [mug(service.price)] } };
  };
  const { participants } = createStandIns({ 'order-service': { getCatalog } });
  const file = createCatalogFile(path, log);
  return { clock, service, catalog: createCatalog({ participants, clock, file }) };
}

/** One that learned a price, and is gone. */
async function learnOnce(price: number): Promise<void> {
  const { clock, service, catalog } = open();
  service.price = price;
  await clock.run(() => !catalog.isStale());
  catalog.stop();
}

it('is learned though nobody asks for it, as soon as the order service is up', async () => {
  const { clock, service, catalog } = open();
  await clock.run(() => service.asked >= 3);
  expect(catalog.isStale()).toBe(true);
  service.price = 1200;
  await clock.run(() => !catalog.isStale());
  service.price = undefined;
  expect(await catalog.read(patience())).toMatchObject({ products: [mug(1200)], stale: true });
});

it('survives its orchestrator, and is stale until the order service has answered the next one', async () => {
  await learnOnce(1200);
  const { clock, service, catalog } = open();
  expect(catalog.isStale()).toBe(true);
  expect(await catalog.read(patience())).toMatchObject({ products: [mug(1200)], stale: true });
  service.price = 1300;
  await clock.run(() => !catalog.isStale());
  expect(await catalog.read(patience())).toMatchObject({ products: [mug(1300)], stale: false });
});

it('is written whole, for its owner alone, and only when it has changed', async () => {
  await learnOnce(1200);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['catalog.json']);
  const before = readFileSync(path, 'utf8');
  const { clock, service, catalog } = open();
  service.price = 1200;
  await clock.run(() => service.asked >= 3);
  expect(readFileSync(path, 'utf8')).toBe(before);
  service.price = 1300;
  await catalog.read(patience());
  expect(readFileSync(path, 'utf8')).not.toBe(before);
});

it('begins anew when its file makes no sense', async () => {
  writeFileSync(path, '{"products":[{"sku":7}]');
  const { service, catalog } = open();
  expect(await catalog.read(patience())).toBeUndefined();
  service.price = 1200;
  expect(await catalog.read(patience())).toMatchObject({ stale: false });
});

it('asks nobody any more once it was stopped', async () => {
  const { clock, service, catalog } = open();
  await clock.run(() => service.asked >= 1);
  catalog.stop();
  await expect(clock.run(() => service.asked >= 5, 600_000)).rejects.toThrow('nothing is left');
});
