/** What `npm install` brings in: exact versions, all of them in the lockfile, and no script of a package but those allowed. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');

const Names = z.record(z.string(), z.string()).default({});
const Manifest = z.object({
  name: z.string(),
  workspaces: z.array(z.string()).default([]),
  dependencies: Names,
  devDependencies: Names,
  optionalDependencies: Names,
  peerDependencies: Names,
  scripts: Names,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
});
const Locked = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
  dependencies: Names,
  devDependencies: Names,
});
const Lockfile = z.object({
  lockfileVersion: z.number(),
  packages: z.record(z.string(), Locked),
});

const read = <T>(schema: z.ZodType<T>, path: string): T =>
  schema.parse(JSON.parse(readFileSync(join(root, path), 'utf8')));
const main = read(Manifest, 'package.json');
const patterns = main.workspaces.map((folder) => `${folder}/package.json`);
const paths = ['package.json', ...globSync(patterns, { cwd: root })];
const manifests = paths.map((path) => ({ path, ...read(Manifest, path) }));
const { lockfileVersion, packages } = read(Lockfile, 'package-lock.json');
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && !link,
);
const toName = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13);

it('names every dependency by one exact version', () => {
  expect(manifests.length).toBeGreaterThan(10);
  const inexact = manifests.flatMap(({ path, ...manifest }) =>
    [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies]
      .flatMap((names) => Object.entries(names))
      .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${path}: ${name} ${version}`),
  );
  expect(inexact).toEqual([]);
});

it('writes exact versions for what is added later', () => {
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^save-exact=true$/m);
});

it('holds every manifest in the lockfile as it stands', () => {
  expect(lockfileVersion).toBe(3);
  for (const { path, dependencies, devDependencies } of manifests) {
    const folder = path.replace(/\/?package\.json$/, '');
    expect(packages[folder], path).toMatchObject({ dependencies, devDependencies });
  }
});

it('holds every package in the lockfile by version and checksum, and from no address but the registry', () => {
  expect(installed.length).toBeGreaterThan(100);
  const loose = installed.filter(
    ([, { version, integrity, resolved = 'https:' }]) =>
      !version || !/^sha512-/.test(integrity ?? '') || !resolved.startsWith('https:'),
  );
  expect(loose.map(([path]) => path)).toEqual([]);
});

it('runs no install script but those that somebody allowed', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = [...new Set(scripted.map(([path]) => toName(path)))];
  expect(names.sort()).toEqual(Object.keys(main.allowScripts).sort());
  expect(names.filter((name) => main.allowScripts[name])).toEqual(['node']);
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^strict-allow-scripts=true$/m);
});

it('has no install script of its own', () => {
  const own = manifests.filter(({ scripts }) =>
    ['preinstall', 'install', 'postinstall', 'prepare'].some((name) => name in scripts),
  );
  expect(own.map(({ path }) => path)).toEqual([]);
});
