import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const demo = join(import.meta.dirname, 'demo.ts');

let folder: string;
let child: ChildProcess;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-'));
  said = '';
});
afterEach(() => {
  if (isGroupAlive()) process.kill(-groupOf(), 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A group of its own, so that whatever it starts can be found. */
const groupOf = (): number => child.pid ?? Number.NaN;

function isGroupAlive(): boolean {
  try {
    return process.kill(-groupOf(), 0);
  } catch {
    return false;
  }
}

function startDemo(args: readonly string[]): void {
  child = spawn(process.execPath, [demo, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      said += String(chunk);
    });
}

/** What it says of its own end, and of what went wrong. */
const readEnd = (): string[] =>
  said.split('\n').filter((line) => /^(NOT AS|\d+ stories)|^\s+✗|Error/.test(line));

test('ends every story whole with balanced books, and leaves no process and no file', async () => {
  const picture = join(folder, 'demo.svg');
  startDemo(['--svg', picture]);
  const [code] = await once(child, 'close');
  expect([readEnd(), code]).toEqual([['11 stories ended whole; the books balance'], 0]);
  expect(isGroupAlive()).toBe(false);
  expect(readdirSync(folder)).toEqual(['demo.svg']);
  expect(readFileSync(picture, 'utf8')).toMatch(
    /npm run demo.*2 more stories.*answer is lost.*8 more stories.*The books.*the books balance/s,
  );
  expect(Math.max(...said.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
}, 300_000);

test('leaves no process and no file when it is interrupted', async () => {
  startDemo([]);
  await expect.poll(() => said, { timeout: 120_000 }).toContain('Ada orders');
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  expect([code, isGroupAlive(), readdirSync(folder)]).toEqual([130, false, []]);
}, 300_000);

test('leaves no process and no file when nobody reads on', async () => {
  startDemo([]);
  await expect.poll(() => said, { timeout: 120_000 }).toContain('Ada orders');
  child.stdout?.destroy();
  const [code] = await once(child, 'close');
  expect([readEnd(), code, isGroupAlive(), readdirSync(folder)]).toEqual([[], 130, false, []]);
}, 300_000);
