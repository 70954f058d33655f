import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProcessGroup, startGroup } from '../e2e/src/process-group.ts';

const program = join(import.meta.dirname, 'chaos.ts');

let folder: string;
let chaos: ProcessGroup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-'));
});
afterEach(() => {
  chaos.kill();
  rmSync(folder, { recursive: true, force: true });
});

function startChaos(...args: readonly string[]): void {
  chaos = startGroup([program, ...args], { TMPDIR: folder });
}

test('loses no accepted order and doubles none while everything is killed, frozen and cut off', async () => {
  startChaos('--seed', '4', '--seconds', '8');
  const code = await chaos.closed;
  const lines = chaos.said().trimEnd().split('\n');
  expect(lines.filter((line) => line.startsWith('NOT WHOLE'))).toEqual([]);
  expect([lines[0], lines.at(-1), code]).toEqual(['Seed 4, 8 s of trouble.', 'ended whole', 0]);
  expect(chaos.isAlive()).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
}, 600_000);

test('leaves no process and no file when it is interrupted', async () => {
  startChaos('--seconds', '600');
  await expect.poll(chaos.said, { timeout: 120_000 }).toMatch(/\d s: \d+ orders sent/);
  chaos.child.kill('SIGINT');
  expect([await chaos.closed, chaos.isAlive(), readdirSync(folder)]).toEqual([130, false, []]);
}, 300_000);

test.each([
  ['--seed', 'x'],
  ['--seconds', '0'],
])('%s %s is answered with what there is', async (name, value) => {
  startChaos(name, value);
  expect(await chaos.closed).toBe(1);
  expect(chaos.said()).toMatch(`${name} must be a whole number from 1 to`);
});
