/** What `npm run new:service` writes, in a copy of this repository. */
import { spawnSync } from 'node:child_process';
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTree } from '../../e2e/src/tree-copy.ts';
import { planParticipant } from './participant-entry.ts';
import { writeService } from './service-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-new-service-'));
const tree = join(folder, 'baton');
const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' };
beforeAll(() => copyTree(tree));
afterAll(() => rmSync(folder, { recursive: true }));

function npm(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: tree, env, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

/** By path, all that it consists of. */
const readTree = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    globSync('{*,{apps,deploy,docs,packages}/**/*.*}', {
      cwd: tree,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'latin1')]),
  );

it('leaves everything as it was when npm install fails, and shows what npm said', () => {
  const before = readTree();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const fake = '#!/bin/sh\n[ "$1" != install ] || { echo no network >&2; exit 1; }\n';
  writeFileSync(join(bin, 'npm'), fake, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/new-service.ts', 'fresh-noun'],
    { cwd: tree, env: { ...env, PATH: `${bin}:${env.PATH}` }, encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([1, expect.stringContaining('no network')]);
  expect(stdout).toContain('linking it');
  expect(Object.keys(before).length).toBeGreaterThan(300);
  expect(readTree()).toEqual(before);
});

describe('a new service', () => {
  const name = 'gift-delivery-service';
  let paths: readonly string[];
  beforeAll(() => {
    paths = writeService(tree, planParticipant(tree, 'gift-delivery', undefined));
    // As npm install does.
    symlinkSync(`../../apps/${name}`, join(tree, 'node_modules/@baton', name));
    npm('exec', '--', 'biome', 'check', '--write', ...paths);
  });

  it('is formatted, has no fault that a linter finds, and nothing left of the template', () => {
    expect(npm('exec', '--', 'biome', 'check', '--error-on-warnings', ...paths)).toMatchObject({
      status: 0,
    });
    const left = paths.filter((path) =>
      /sample[ _-]?thing/i.test(path + readFileSync(join(tree, path), 'utf8')),
    );
    expect([paths.length, left]).toEqual([10, []]);
  });

  it('fits the types of all others', () => {
    const { status, said } = npm('run', '--silent', 'typecheck');
    expect(status, said).toBe(0);
  });

  it('passes its own tests, those of the fence among them', () => {
    const { status, said } = npm('test', '--', `apps/${name}`, '--reporter', 'verbose');
    expect(status, said).toBe(0);
    expect(said).toContain('the fence of gift-delivery.apply > DONE, then undo: 200');
  });
});
