import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usage-'));
  writeFileSync(join(folder, 'order-service.sqlite'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(script: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, `${script}.ts`), ...args],
    {
      env: { ...process.env, DATA_DIR: folder, TMPDIR: folder },
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return { status, stdout, stderr };
}

const commands = ['dev', 'demo', 'chaos', 'explain', 'reset', 'fault'];

test.each(commands)('npm run %s -- --help says how it is used, and does nothing', (name) => {
  const { status, stdout, stderr } = run(name, '--help');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(new RegExp(`^npm run ${name}`));
  expect(readdirSync(folder)).toEqual(['order-service.sqlite']);
});

test.each(commands)(
  'npm run %s names an option that it does not have, and does nothing',
  (name) => {
    const { status, stdout, stderr } = run(name, '--loud');
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Unknown option '--loud'/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(folder)).toEqual(['order-service.sqlite']);
  },
);
