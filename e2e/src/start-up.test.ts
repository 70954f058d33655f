import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, type Starting, start } from './processes.ts';

let dataDir: string;
let first: App;
const others: Starting[] = [];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'baton-start-'));
  first = await start('orchestrator', { dataDir }).ready;
});
afterAll(async () => {
  await Promise.all(others.map((other) => other.kill()));
  await first.kill();
  rmSync(dataDir, { recursive: true });
});

describe('start-up', () => {
  const startSecond = async (env: Record<string, string>, port = 0): Promise<string> => {
    const second = start('orchestrator', {
      dataDir,
      port,
      env,
    });
    others.push(second);
    return second.ready.then(
      () => 'started',
      (error: Error) => error.message,
    );
  };

  it('says what to do when the journal is held and no standby was wished', async () => {
    const said = await startSecond({});
    expect(said).toMatch(/ended with 1: .*in use by another process.*STANDBY=true/);
    expect(said.trim().split('\n')).toHaveLength(1);
  });

  it('says what to do when the port is in use', async () => {
    const other = mkdtempSync(join(tmpdir(), 'baton-kill-'));
    const said = await startSecond({ DATA_DIR: other }, first.port);
    rmSync(other, { recursive: true });
    expect(said).toMatch(/ended with 75: Port \d+ on 127.0.0.1 is in use/);
  });

  it('lists every problem of its environment', async () => {
    const said = await startSecond({
      PORT: 'many',
      STANDBY: 'perhaps',
      PAYMENT_SERVICE_URL: 'nowhere',
    });
    expect(said).toMatch(/ended with 1/);
    for (const name of ['PORT', 'STANDBY', 'PAYMENT_SERVICE_URL']) expect(said).toContain(name);
  });

  it.each(['orchestrator', 'inventory-service'] as const)(
    'says of a data folder that is a file what to do, and prints no stack (%s)',
    async (name) => {
      const file = join(dataDir, `${name}.txt`);
      writeFileSync(file, '');
      const second = start(name, { dataDir: file });
      others.push(second);
      const said = await second.ready.then(
        () => 'started',
        (error: Error) => error.message,
      );
      expect(said).toMatch(/ended with 1: /);
      expect(said).toContain(file);
      expect(said).not.toMatch(/\n\s+at /);
    },
  );

  it.each(['orchestrator', 'inventory-service'] as const)(
    'says of a full disk which one it is, and to try again later (%s)',
    async (name) => {
      const full = start(name, {
        dataDir,
        fileBlocksMax: 0,
        env: { DATA_DIR: join(dataDir, 'full') },
      });
      others.push(full);
      const said = await full.ready.then(
        () => 'started',
        (error: Error) => error.message,
      );
      expect(said).toMatch(/ended with 75: .*full.* is full or fails/);
      expect(said.trim().split('\n')).toHaveLength(1);
    },
  );

  it('refuses a damaged journal by name, and leaves it as it is', async () => {
    const other = mkdtempSync(join(tmpdir(), 'baton-start-'));
    const path = join(other, 'orchestrator', 'journal.sqlite');
    const owner = await start('orchestrator', { dataDir: other }).ready;
    await owner.stop();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4_096, 8_192);
    writeFileSync(path, bytes);
    const said = await startSecond({ DATA_DIR: other });
    expect(said).toMatch(/ended with 1: .*journal\.sqlite is damaged/);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    rmSync(other, { recursive: true });
  });
});
