import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Of a folder whose parts say what is given; a part that is not given finds nothing. */
function check(findings: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const names = ['lint', 'boundaries', 'typecheck', 'typecheck:page', 'knip', 'style', 'contracts'];
  const scripts = names.map((name) => {
    const said = findings[name];
    return [name, said === undefined ? 'true' : `cat '${name}.txt' && false`] as const;
  });
  for (const [name, said] of Object.entries(findings)) {
    writeFileSync(join(folder, `${name}.txt`), said);
  }
  const manifest = { name: 'checked', scripts: Object.fromEntries(scripts) };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const program = join(import.meta.dirname, 'check.ts');
  return spawnSync(process.execPath, [program], { cwd: folder, encoding: 'utf8' });
}

it('shows what every part found, and says of each how it went', () => {
  const { status, stdout } = check({ lint: 'a.ts is not nice', contracts: 'a field is gone' });
  expect(status).toBe(1);
  expect(stdout).toContain('=== lint\na.ts is not nice');
  expect(stdout).toContain('=== contracts\na field is gone');
  const lines = stdout.trimEnd().split('\n').slice(-7);
  expect(lines.map((line) => line.split(/ +/))).toEqual([
    ['lint', 'FAILED'],
    ['boundaries', 'ok'],
    ['typecheck', 'ok'],
    ['typecheck:page', 'ok'],
    ['knip', 'ok'],
    ['style', 'ok'],
    ['contracts', 'FAILED'],
  ]);
});

it('ends with 0 when no part finds anything', () => {
  expect(check({})).toMatchObject({ status: 0 });
});

it('names npm run format where Biome finds what it would mend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-format-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'crooked.js'), 'export  const a = 1\n');
  const biome = join(root, 'node_modules/.bin/biome');
  const found = spawnSync(biome, ['check', 'crooked.js'], { cwd: folder, encoding: 'utf8' });
  const { stdout } = check({ lint: found.stdout + found.stderr });
  expect(stdout.trimEnd().split('\n').at(-1)).toContain('npm run format');
});
