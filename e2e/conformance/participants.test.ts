import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { listedParticipants } from '@baton/contracts';
import { toQuietOptions } from '@baton/service-kit/testing';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../src/programs.ts';

type Sku = { readonly sku: string };

describe('what is sold', () => {
  it('is what is stocked: one scarce product, one sold out, plenty of the others', async () => {
    const open = (program: string) =>
      findProgram({ program }).createService(toQuietOptions(program));
    const orders = open('order-service');
    const inventory = open('inventory-service');
    const catalog = (await request(orders.app).get('/catalog').expect(200)).body.products;
    const stock = (await request(inventory.app).get('/stock').expect(200)).body.products;
    expect(catalog.map(({ sku }: Sku) => sku).sort()).toEqual(stock.map(({ sku }: Sku) => sku));
    const free = stock.map((level: { readonly free: number }) => level.free);
    expect(free.sort((a: number, b: number) => a - b).slice(0, 3)).toEqual([0, 5, 1_000_000]);
    orders.close();
    inventory.close();
  });
});

const programs = listedParticipants.map(({ program, name }) => [program, name] as const);

describe('as a process', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-participants-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (service: string, env: Readonly<Record<string, string>>): ChildProcess =>
    spawn(
      process.execPath,
      [fileURLToPath(new URL(`../../apps/${service}/src/main.ts`, import.meta.url))],
      { env: { ...env, PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'error' } },
    );

  it.each(programs)(
    '%s keeps %s.sqlite, says its port, and stops when told',
    async (service, name) => {
      const child = start(service, { STORE_NAME: name });
      const lines = createInterface({ input: child.stdout ?? process.stdin });
      const [line] = await once(lines, 'line');
      const { ready, port } = JSON.parse(line);
      const live = await fetch(`http://127.0.0.1:${port}/health/live`);
      expect([ready, live.status]).toEqual([true, 200]);
      expect(readdirSync(folder)).toContain(`${name}.sqlite`);
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
  );

  it('names what is wrong with its environment and does not start', async () => {
    const child = start('payment-service', { STORE_NAME: '../elsewhere' });
    let said = '';
    child.stderr?.on('data', (text) => {
      said += String(text);
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain('STORE_NAME');
  });
});
