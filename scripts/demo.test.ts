import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProcessGroup, startGroup } from '../e2e/src/process-group.ts';

const program = join(import.meta.dirname, 'demo.ts');

let folder: string;
let demo: ProcessGroup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-'));
});
afterEach(() => {
  demo.kill();
  rmSync(folder, { recursive: true, force: true });
});

function startDemo(args: readonly string[]): void {
  demo = startGroup([program, ...args], { TMPDIR: folder });
}

/** What it says of its own end, and of what went wrong. */
const readEnd = (): string[] =>
  demo
    .said()
    .split('\n')
    .filter((line) => /^(NOT AS|\d+ stories)|^\s+✗|Error/.test(line));

test('ends every story whole with balanced books, and leaves no process and no file', async () => {
  const picture = join(folder, 'demo.svg');
  startDemo(['--svg', picture]);
  const code = await demo.closed;
  expect([readEnd(), code]).toEqual([['11 stories ended whole; the books balance'], 0]);
  expect(demo.isAlive()).toBe(false);
  expect(readdirSync(folder)).toEqual(['demo.svg']);
  expect(readFileSync(picture, 'utf8')).toMatch(
    /npm run demo.*2 more stories.*answer is lost.*8 more stories.*The books.*the books balance/s,
  );
  expect(
    Math.max(
      ...demo
        .said()
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(100);
}, 300_000);

test('leaves no process and no file when it is interrupted', async () => {
  startDemo([]);
  await expect.poll(demo.said, { timeout: 120_000 }).toContain('Ada orders');
  demo.child.kill('SIGINT');
  const code = await demo.closed;
  expect([code, demo.isAlive(), readdirSync(folder)]).toEqual([130, false, []]);
}, 300_000);

test('leaves no process and no file when nobody reads on', async () => {
  startDemo([]);
  await expect.poll(demo.said, { timeout: 120_000 }).toContain('Ada orders');
  demo.child.stdout?.destroy();
  const code = await demo.closed;
  expect([readEnd(), code, demo.isAlive(), readdirSync(folder)]).toEqual([[], 130, false, []]);
}, 300_000);
