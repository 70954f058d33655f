import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = join(import.meta.dirname, 'function.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'function-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (port: string) =>
  spawn(process.execPath, [script], {
    env: { ...process.env, DATA_DIR: folder, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

test('says where it listens, keeps its data where it is told, and stops when told', async () => {
  const program = run('0');
  const [line] = await once(program.stdout, 'data');
  const { ready, url } = JSON.parse(String(line));
  const live = await fetch(`${url}/health/ready`);
  expect([ready, live.status]).toEqual([true, 200]);
  expect(readdirSync(folder)).toEqual(['notification-service']);
  program.kill('SIGHUP');
  expect(await once(program, 'exit')).toEqual([0, null]);
  await expect(fetch(url)).rejects.toThrow();
});

test('says in a few lines that it does not start where its port is taken', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const program = run(String(typeof address === 'object' ? address?.port : ''));
  const [said, [code]] = await Promise.all([text(program.stderr), once(program, 'exit')]);
  taken.close();
  expect(code).toBe(1);
  expect(said).toContain('workerd ended with 1, and says why above');
  expect(said).not.toContain('function.ts:');
});
